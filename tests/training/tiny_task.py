"""The smallest thing that can be trained and has everything: a layer, normalisation, dropout, a random stream."""

import numpy as np
from torch import nn
from torch.utils.data import Dataset

LOOP = {
    "steps": 9, "batch": 4, "learning_rate": 1e-2, "precision": "float32", "save_every": 3, "warm_up": 2, "seed": 5,
}  # fmt: skip


class Noise(Dataset):
    def __init__(self, seed, length):
        self.seed, self.length = seed, length

    def __len__(self):
        return self.length

    def __getitem__(self, n):
        x = np.random.default_rng((self.seed, n)).normal(size=6).astype(np.float32)
        return {"x": x, "y": x[:1] * 2 - x[1:2]}


class NoisyTask:
    def model(self):
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.4), nn.Linear(8, 1))

    def data(self, seed, length, batch):
        return Noise(seed, length)

    def loss(self, model, batch):
        return ((model(batch["x"]) - batch["y"]) ** 2).mean()

    def validate(self, model):
        return {"weight": model[0].weight[0, 0].item()}
