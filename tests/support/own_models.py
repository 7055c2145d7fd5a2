"""Models that know nothing of this project, and an ordinary loop that trains them: a ResNet-18, a ViT and an MLP."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy, relu
from torch.utils.data import DataLoader, TensorDataset

from cl_core.torch import Movable


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
        return relu(out + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """Torchvision's, narrow."""

    def __init__(self, width=4):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        for level in range(4):
            inputs, outputs = width * 2 ** max(level - 1, 0), width * 2**level
            layer = [BasicBlock(inputs, outputs, 2 if level else 1), BasicBlock(outputs, outputs, 1)]
            setattr(self, f"layer{level + 1}", nn.Sequential(*layer))
        self.fc = nn.Linear(8 * width, 2)

    def forward(self, x):
        x = self.layer4(self.layer3(self.layer2(self.layer1(relu(self.bn1(self.conv1(x)))))))
        return self.fc(x.mean(dim=(2, 3)))


class ViT(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 4, 4)
        self.class_token, self.positions = (nn.Parameter(torch.randn(1, count, width)) for count in (1, 5))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 2, 16, dropout=0.2, batch_first=True) for _ in range(3)
        )
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 2))

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.head(x[:, 0])


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [192, 12, 12, 12]
        self.body = nn.Sequential(
            *(nn.Sequential(nn.Linear(a, b), nn.LayerNorm(b), nn.ReLU()) for a, b in pairwise(sizes))
        )
        self.head = nn.Linear(12, 2)

    def forward(self, x):
        return self.head(self.body(x.flatten(1)))


MODELS = {
    "resnet": (ResNet18, [["conv1", "bn1"], "layer1", "layer2", "layer3", "layer4"]),
    "vit": (ViT, [["patches", "class_token", "positions"], "layers.0", "layers.1", "layers.2"]),
    "mlp": (MLP, ["body.0", "body.1", "body.2"]),
}


def build(kind):
    model, blocks = MODELS[kind]
    model = model()
    return model, Movable(model, blocks)


def images(task, count=16):
    draws = torch.Generator().manual_seed(task)
    x = torch.randn(count, 3, 8, 8, generator=draws) * (1 + task) + task
    return DataLoader(TensorDataset(x, torch.arange(count) % 2), batch_size=8, shuffle=True, generator=draws)


def fit(model, loader, optimizer, *, epochs=2, bf16=False, accumulate=1):
    """An ordinary loop: train mode each epoch, random flips, autocast, accumulation."""
    for _ in range(epochs):
        model.train()
        for number, (x, y) in enumerate(loader, start=1):
            x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                loss = cross_entropy(model(x), y)
            (loss / accumulate).backward()
            if number % accumulate == 0:
                optimizer.step()
                optimizer.zero_grad(set_to_none=False)


def loss_of(model):
    return lambda batch: cross_entropy(model(batch[0]), batch[1])


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def changed(model, before):
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


def belongs(name, block):
    return any(name == part or name.startswith(f"{part}.") for part in block)
