"""Trains a tiny regression with Keras on torch: `keras_fit.py FOLDER [--client] [--best-only]`.

With `--fits N` it fits N times, each time some epochs longer, all into one table.
"""

import argparse
import os

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--client", action="store_true")
parser.add_argument("--best-only", action="store_true")
parser.add_argument("--weights-only", action="store_true")
parser.add_argument("--fits", type=int, default=1)
options = parser.parse_args()
keras.utils.set_random_seed(0)
inputs = numpy.random.default_rng(1).normal(size=(96, 8)).astype("float32")
targets = inputs[:, :1] * inputs[:, 1:2] + numpy.random.default_rng(2).normal(size=(96, 1)) * 0.5

ending = "weights.h5" if options.weights_only else "keras"
name = f"best.{ending}" if options.best_only else "model-{epoch:02d}." + ending
saver = keras.callbacks.ModelCheckpoint(
    f"{options.folder}/{name}", save_best_only=options.best_only, save_weights_only=options.weights_only)
table = keras.callbacks.CSVLogger(f"{options.folder}/log.csv", append=options.fits > 1)
callbacks = [saver, table]
if options.client:
    from bestmark.keras import BestmarkCallback

    callbacks.append(BestmarkCallback(options.folder, saver))

os.makedirs(options.folder, exist_ok=True)
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.03), loss="mse", metrics=["mae"])
for fit in range(options.fits):
    model.fit(inputs[:64], targets[:64], validation_data=(inputs[64:], targets[64:]),
              epochs=3 * (fit + 1) if options.fits > 1 else 12, batch_size=16, verbose=0,
              callbacks=callbacks)
print(f"best {saver.best!r}")
