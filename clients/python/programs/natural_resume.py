"""A script as people write it: Keras goes on after a crash with BackupAndRestore, in a folder of the script."""
import os

os.environ["KERAS_BACKEND"] = "torch"
import keras  # noqa: E402
import numpy  # noqa: E402

keras.utils.set_random_seed(0)
x = numpy.random.default_rng(1).normal(size=(96, 4)).astype("float32")
y = x.sum(1, keepdims=True)
os.makedirs("output/run", exist_ok=True)
is_again = os.path.exists("output/run/training.csv")


def crash(epoch, logs):
    if epoch == 3 and not is_again:
        raise RuntimeError("out of memory")


model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam(0.03), loss="mse")
model.fit(x[:64], y[:64], validation_data=(x[64:], y[64:]), epochs=6, batch_size=16, verbose=2, callbacks=[
    keras.callbacks.ModelCheckpoint("output/run/{epoch:02d}-{val_loss:.3f}.keras"),
    keras.callbacks.CSVLogger("output/run/training.csv", append=True),
    keras.callbacks.BackupAndRestore("output/backup"),
    keras.callbacks.LambdaCallback(on_epoch_begin=crash)])
