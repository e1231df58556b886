"""What the model makes at a step is kept beside the journal, and never stops a training."""

import io
from pathlib import Path

from testing import InFolder

import bestmark

PNG = b"\x89PNG\r\n\x1a\n"
WAV = b"RIFF\x04\x00\x00\x00WAVE"


class Picture:
    """Saves itself as PIL's images do."""

    def save(self, path: str) -> None:
        Path(path).write_bytes(PNG + b"saved")


class Broken:
    def save(self, path: str) -> None:
        raise MemoryError("no room for a picture")


class Sampling(InFolder):
    def samples(self) -> list:
        return self.events("sample")

    def content(self, sample: dict) -> bytes:
        return (self.folder / sample["path"]).read_bytes()

    def test_a_text_an_image_and_a_sound_are_reported_at_their_step(self) -> None:
        bestmark.init(str(self.folder))
        bestmark.sample(10, text="Call me", image=PNG, audio=WAV, prompt="Ishmael", index=2)
        text, image, sound = self.samples()
        self.assertEqual((text["kind"], text["text"]), ("text", "Call me"))
        for one in (text, image, sound):
            self.assertEqual((one["step"], one["prompt"], one["prompt_index"]), (10, "Ishmael", 2))
        self.assertEqual((image["kind"], image["path"]), ("image", "bestmark-samples/step-10-2.png"))
        self.assertEqual((sound["kind"], sound["path"]), ("audio", "bestmark-samples/step-10-2.wav"))
        self.assertEqual((self.content(image), self.content(sound)), (PNG, WAV))

    def test_the_step_is_by_default_that_of_the_last_log(self) -> None:
        bestmark.init(str(self.folder))
        bestmark.log({"loss": 1}, 7)
        bestmark.sample(text="a text")
        self.assertEqual(self.samples()[0]["step"], 7)

    def test_a_path_and_an_object_with_save_are_copied(self) -> None:
        source = self.folder / "made.JPG"
        source.write_bytes(b"\xff\xd8\xff")
        bestmark.init(str(self.folder))
        bestmark.sample(1, image=source)
        bestmark.sample(2, image=Picture())
        source.unlink()
        copied, saved = self.samples()
        self.assertEqual((copied["path"], self.content(copied)),
                         ("bestmark-samples/step-1-0.jpg", b"\xff\xd8\xff"))
        self.assertEqual(self.content(saved), PNG + b"saved")

    def test_a_step_that_is_made_again_keeps_the_files_of_the_earlier_attempt(self) -> None:
        for content in (PNG + b"1", PNG + b"2"):
            bestmark.init(str(self.folder))
            bestmark.sample(1, image=content)
        self.assertEqual([self.content(one) for one in self.samples()], [PNG + b"1", PNG + b"2"])

    def test_no_sample_stops_a_training_or_leaves_a_part_of_a_file(self) -> None:
        bestmark.init(str(self.folder))
        with self.assertLogs("bestmark", "WARNING"):
            bestmark.sample(1, image=Broken())
            bestmark.sample(2, image=self.folder / "missing.png")
            bestmark.sample(3, audio=io.StringIO("no file"))
        self.assertEqual(self.samples(), [])
        left = [path for path in self.folder.glob("bestmark-samples/*")
                if not path.name.startswith(".unfinished")]
        self.assertEqual(left, [])

    def test_before_init_and_in_other_ranks_nothing_is_written(self) -> None:
        bestmark._reporter.__init__()
        bestmark.sample(1, image=PNG)
        self.program("bestmark.init('run'); bestmark.sample(1, image=b'\\x89PNG')", RANK="1")
        self.assertEqual(list(self.folder.iterdir()), [])
