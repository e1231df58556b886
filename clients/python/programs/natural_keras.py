"""A script as people write it: Keras keeps its best model beside its table, in a folder of the script."""
import os

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy  # noqa: E402
from natural_pause import pause  # noqa: E402

keras.utils.set_random_seed(0)
x = numpy.random.default_rng(1).normal(size=(96, 4)).astype("float32")
y = x.sum(1, keepdims=True)
os.makedirs("output/keras", exist_ok=True)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.03), loss="mse", metrics=["mae"])
model.fit(x[:64], y[:64], validation_data=(x[64:], y[64:]), epochs=6, batch_size=16, callbacks=[
    keras.callbacks.ModelCheckpoint("output/keras/best.keras", monitor="val_loss", save_best_only=True),
    keras.callbacks.CSVLogger("output/keras/training.csv"),
    keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: epoch == 3 and pause())])
