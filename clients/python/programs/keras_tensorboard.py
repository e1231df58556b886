"""Trains a tiny regression with Keras on TensorFlow, whose TensorBoard callback logs it:
`keras_tensorboard.py FOLDER [--batches N]`.

It prints the history, epoch by epoch, on one line. With `--batches` the callback also logs every
N batches. It needs `tensorflow-cpu` (2.21) in addition to requirements.txt. Its output is a fixture
of the trainer, so tests need neither.
"""

import argparse
import json
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
import keras  # noqa: E402
import numpy  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--batches", type=int)
options = parser.parse_args()
keras.utils.set_random_seed(0)
inputs = numpy.random.default_rng(1).normal(size=(96, 8)).astype("float32")
targets = inputs[:, :1] * inputs[:, 1:2] + numpy.random.default_rng(2).normal(size=(96, 1)) * 0.5

saver = keras.callbacks.ModelCheckpoint(options.folder + "/model-{epoch:02d}.keras")
board = keras.callbacks.TensorBoard(
    options.folder, write_graph=False, write_steps_per_second=True, update_freq=options.batches or "epoch")
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.03), loss="mse", metrics=["mae"])
fitted = model.fit(inputs[:64], targets[:64], validation_data=(inputs[64:], targets[64:]),
                   epochs=8, batch_size=16, verbose=0, callbacks=[saver, board])
history = {name: [float(value) for value in values] for name, values in fitted.history.items()}
print(json.dumps(history))
