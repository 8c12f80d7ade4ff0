"""Writes testdata/*.safetensors: what PyTorch computes for the networks that
parity_test.go also builds. Needs `pip install torch numpy`; run as

    python3 export.py

The reference is computed in float64 from float32 parameters and inputs, and
stored as float32: it is closer to the truth than a float32 one. The version of
PyTorch is in each file's metadata. A case is written once here and once in Go;
the test fails where a case is on one side only.
"""

import json
import math
import pathlib
import struct

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
FOLDER = pathlib.Path(__file__).parent / "testdata"


def write(name, tensors, cases):
    """The safetensors format: length of the header, header, data."""
    header = {"__metadata__": {"torch": torch.__version__, "computed_in": "float64", "cases": json.dumps(cases)}}
    data, at = [], 0
    for key in sorted(tensors):
        x = np.ascontiguousarray(tensors[key], dtype="<f4")
        assert np.isfinite(x).all(), key
        header[key] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [at, at + x.nbytes]}
        data.append(x.tobytes())
        at += x.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))
    print(f"{name}: {len(cases)} cases, {8 + len(text) + at:,} bytes, torch {torch.__version__}")


# Layers, under the names that package nn has for them.

ACTIVATIONS = {
    "none": lambda x: x,
    "relu": F.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.01),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": F.gelu,
    "silu": F.silu,
}


class Dense(nn.Module):
    def __init__(self, inputs, units, activation="none"):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(units, inputs))
        self.bias = nn.Parameter(torch.empty(units))
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        return self.activation(F.linear(x.flatten(1), self.weight, self.bias))


class Conv(nn.Conv2d):
    def __init__(self, inputs, channels, kernel, stride, padding, activation="none", bias=True):
        super().__init__(inputs, channels, kernel, stride, padding, bias=bias)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        return self.activation(super().forward(x))


class BatchNorm(nn.modules.batchnorm._BatchNorm):
    def __init__(self, features, activation="none", momentum=0.1, epsilon=1e-5):
        super().__init__(features, epsilon, momentum)
        self.activation = ACTIVATIONS[activation]

    def _check_input_dim(self, x):
        pass

    def forward(self, x):
        return self.activation(super().forward(x))


class Activate(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        return self.activation(x)


class Residual(nn.Module):
    def __init__(self, body, shortcut=(), activation="none"):
        super().__init__()
        for place, layers in (("body", body), ("shortcut", shortcut)):
            self.add_module(place, nn.ModuleList(layers))
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        y, z = x, x
        for layer in self.body:
            y = layer(y)
        for layer in self.shortcut:
            z = layer(z)
        return self.activation(y + z)


class Net(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x.flatten(1)


def cross_entropy(smoothing=0.0):
    return lambda out, labels: F.cross_entropy(out, labels.long(), label_smoothing=smoothing)


def mean_squared(out, targets):
    return F.mse_loss(out[:, 0], targets)


def tensors_of(net):
    """Parameters and running statistics by name."""
    return {k: v for k, v in net.state_dict(keep_vars=True).items() if not k.endswith("num_batches_tracked")}


def draw(net, seed):
    """Float32 parameters that are not too tame."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for name, p in tensors_of(net).items():
            x = rng.standard_normal(p.shape)
            if p.dim() > 1:
                x *= math.sqrt(2 / p[0].numel())
            elif name.endswith("running_var"):
                x = np.exp(x / 4)
            elif name.endswith("weight"):  # of a batch norm
                x = 1 + x / 4
            else:
                x /= 4
            p.copy_(torch.from_numpy(x.astype(np.float32)))


def batch_of(shape, batch, loss, seed, classes=3):
    rng = np.random.default_rng(1000 + seed)
    x = rng.standard_normal((batch, *shape)).astype(np.float32)
    y = rng.standard_normal(batch).astype(np.float32) if loss is mean_squared else rng.integers(classes, size=batch)
    return torch.from_numpy(x).double(), torch.from_numpy(np.asarray(y)).double()


def numbers(x):
    return x.detach().numpy().astype(np.float32)


# The layers.


def conv(channels, out, kernel, stride, padding, size, activation="none"):
    """A convolution under test, between 1x1 ones so that its input's gradient
    shows in theirs and each of its outputs counts differently."""
    rest = (size + 2 * padding - kernel) // stride + 1
    return Net(
        Conv(2, channels, 1, 1, 0, "tanh"),
        Conv(channels, out, kernel, stride, padding, activation),
        Conv(out, 2, 1, 1, 0),
        Dense(2 * rest * rest, 3),
    )


def pool(layer, rest):
    return Net(Conv(2, 5, 3, 1, 1), layer, Dense(5 * rest[0] * rest[1], 3))


def layers():
    ce = cross_entropy()
    yield "dense", [7], 5, Net(Dense(7, 9), Dense(9, 3)), ce
    yield "dense wide", [33], 17, Net(Dense(33, 48, "tanh"), Dense(48, 20, "tanh"), Dense(20, 3)), ce
    yield "dense on an image", [3, 5, 4], 4, Net(Conv(3, 4, 3, 1, 1, "tanh"), nn.Flatten(), Dense(80, 6, "tanh"), Dense(6, 3)), ce
    for a in ACTIVATIONS:
        yield f"dense {a}", [6], 8, Net(Dense(6, 19, a), Dense(19, 3)), ce
        yield f"activate {a}", [6], 8, Net(Dense(6, 19), Activate(a), Dense(19, 3)), ce
        yield f"conv {a}", [2, 6, 6], 2, conv(4, 5, 3, 1, 1, 6, a), ce
    yield "cross entropy, smoothing 0.1", [6], 8, Net(Dense(6, 9, "tanh"), Dense(9, 3)), cross_entropy(0.1)
    yield "mean squared", [6], 8, Net(Dense(6, 9, "tanh"), Dense(9, 1)), mean_squared

    # channels, out, kernel, stride, padding, size
    for c in (
        (16, 32, 3, 1, 1, 8),
        (16, 32, 3, 1, 1, 14),
        (16, 16, 3, 1, 1, 7),
        (16, 16, 3, 1, 1, 4),
        (16, 16, 3, 1, 1, 2),
        (17, 20, 3, 1, 1, 14),
        (3, 5, 3, 1, 1, 9),
        (32, 16, 3, 1, 0, 7),
        (16, 32, 3, 2, 1, 14),
        (16, 16, 3, 2, 1, 7),
        (5, 7, 3, 2, 1, 7),
        (16, 32, 1, 1, 0, 7),
        (7, 9, 1, 1, 0, 8),
        (16, 32, 1, 2, 0, 14),
        (5, 19, 1, 2, 0, 7),
        (16, 16, 5, 1, 2, 8),
        (3, 5, 5, 1, 0, 9),
        (3, 16, 7, 2, 3, 16),
        (3, 5, 7, 2, 3, 15),
        (16, 8, 2, 2, 0, 8),
        (4, 6, 3, 3, 2, 10),
        (6, 4, 4, 1, 1, 7),
    ):
        yield "conv " + " ".join(map(str, c)), [2, c[5], c[5]], 2, conv(*c), ce
    yield "conv first, 7x7", [3, 16, 16], 2, Net(Conv(3, 16, 7, 2, 3), Conv(16, 2, 1, 1, 0), Dense(128, 3)), ce
    yield "conv first, 3x3", [1, 9, 9], 3, Net(Conv(1, 16, 3, 1, 1, "relu"), Conv(16, 2, 1, 1, 0), Dense(162, 3)), ce
    yield "conv without bias", [3, 6, 6], 2, Net(Conv(3, 6, 3, 1, 1, bias=False), Dense(216, 3)), ce
    yield "conv, not square", [3, 6, 9], 2, Net(Conv(3, 6, 1, 1, 0, "tanh"), Conv(6, 4, 3, 2, 1), Dense(60, 3)), ce
    yield "conv, not square, 3x3", [3, 6, 9], 2, Net(Conv(3, 16, 1, 1, 0, "tanh"), Conv(16, 4, 3, 1, 1), Dense(216, 3)), ce

    for a in ("none", "relu", "tanh"):
        yield f"batch norm, features, {a}", [6], 16, Net(Dense(6, 9, "tanh"), BatchNorm(9, a), Dense(9, 3)), ce
        yield f"batch norm, channels, {a}", [2, 5, 5], 3, Net(Conv(2, 5, 3, 1, 1, "tanh"), BatchNorm(5, a), Conv(5, 2, 1, 1, 0), Dense(50, 3)), ce
        yield f"batch norm, 16 channels, {a}", [2, 4, 4], 3, Net(Conv(2, 16, 3, 1, 1, bias=False), BatchNorm(16, a), Conv(16, 2, 1, 1, 0), Dense(32, 3)), ce
    yield "batch norm, momentum and epsilon", [6], 16, Net(Dense(6, 9, "tanh"), BatchNorm(9, momentum=0.3, epsilon=0.01), Dense(9, 3)), ce

    yield "max pool 2", [2, 6, 6], 2, pool(nn.MaxPool2d(2), (3, 3)), ce
    yield "max pool 2, odd", [2, 7, 5], 2, pool(nn.MaxPool2d(2), (3, 2)), ce
    yield "max pool 3 2", [2, 7, 7], 2, pool(nn.MaxPool2d(3, 2), (3, 3)), ce
    yield "max pool 3 2 1", [2, 8, 8], 2, pool(nn.MaxPool2d(3, 2, 1), (4, 4)), ce
    yield "max pool 3 2 1, odd", [2, 7, 7], 2, pool(nn.MaxPool2d(3, 2, 1), (4, 4)), ce
    yield "avg pool 2", [2, 6, 6], 2, pool(nn.AvgPool2d(2), (3, 3)), ce
    yield "avg pool 3 2", [2, 8, 8], 2, pool(nn.AvgPool2d(3, 2), (3, 3)), ce
    yield "avg pool global", [2, 5, 6], 2, pool(nn.AdaptiveAvgPool2d(1), (1, 1)), ce
    yield "conv relu max pool", [1, 8, 8], 3, Net(
        Conv(1, 16, 3, 1, 1, "relu"), nn.MaxPool2d(2), Conv(16, 16, 3, 1, 1, "relu"), nn.MaxPool2d(2), nn.Flatten(), Dense(64, 8, "relu"), Dense(8, 3)
    ), ce

    yield "residual, identity, dense", [6], 8, Net(Dense(6, 8, "tanh"), Residual([Dense(8, 8, "tanh"), Dense(8, 8)], activation="relu"), Dense(8, 3)), ce
    yield "residual, projection, dense", [6], 8, Net(Dense(6, 8, "tanh"), Residual([Dense(8, 5, "tanh")], [Dense(8, 5)]), Dense(5, 3)), ce
    yield "residual, identity, conv", [2, 6, 6], 3, Net(
        Conv(2, 16, 3, 1, 1, "tanh"),
        Residual([Conv(16, 16, 3, 1, 1, bias=False), BatchNorm(16, "relu"), Conv(16, 16, 3, 1, 1, bias=False), BatchNorm(16)], activation="relu"),
        Conv(16, 2, 1, 1, 0),
        Dense(72, 3),
    ), ce
    yield "residual, projection, conv", [2, 7, 7], 3, Net(
        Conv(2, 6, 3, 1, 1, "tanh"),
        Residual(
            [Conv(6, 10, 3, 2, 1, bias=False), BatchNorm(10, "relu"), Conv(10, 10, 3, 1, 1, bias=False), BatchNorm(10)],
            [Conv(6, 10, 1, 2, 0, bias=False), BatchNorm(10)],
            "relu",
        ),
        Conv(10, 2, 1, 1, 0),
        Dense(32, 3),
    ), ce
    yield "residual in residual", [6], 8, Net(
        Dense(6, 8, "tanh"), Residual([Dense(8, 8, "tanh"), Residual([Dense(8, 8, "tanh")])], activation="tanh"), Dense(8, 3)
    ), ce


def export_layers():
    out, names = {}, []
    for seed, (name, shape, batch, net, loss) in enumerate(layers()):
        names.append(name)
        at = name + "/"
        draw(net, seed)
        x, y = batch_of(shape, batch, loss, seed)
        out[at + "input"], out[at + "target"] = numbers(x), numbers(y)
        for k, p in tensors_of(net).items():
            out[at + "before/" + k] = numbers(p)
        out[at + "eval"] = numbers(net.eval()(x))
        logits = net.train()(x)
        value = loss(logits, y)
        value.backward()
        out[at + "output"], out[at + "loss"] = numbers(logits), numbers(value)
        for k, p in tensors_of(net).items():
            if p.requires_grad:
                out[at + "gradient/" + k] = numbers(p.grad)
            else:
                out[at + "after/" + k] = numbers(p)
    write("layers.safetensors", out, names)


# The optimizers.


def networks():
    yield "mlp", [6], Net(Dense(6, 8, "tanh"), Dense(8, 3))
    yield "convnet", [1, 6, 6], Net(Conv(1, 4, 3, 1, 1, bias=False), BatchNorm(4, "relu"), nn.MaxPool2d(2), Conv(4, 5, 3, 1, 1, "tanh"), nn.Flatten(), Dense(45, 3))


OPTIMIZERS = {
    "sgd": lambda g: torch.optim.SGD(g(0), lr=0.1),
    "sgd momentum": lambda g: torch.optim.SGD(g(0), lr=0.1, momentum=0.9),
    "sgd nesterov": lambda g: torch.optim.SGD(g(0), lr=0.1, momentum=0.9, nesterov=True),
    "sgd decay": lambda g: torch.optim.SGD(g(0.1), lr=0.1),
    "sgd nesterov decay": lambda g: torch.optim.SGD(g(0.1), lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda g: torch.optim.Adam(g(0), lr=0.01),
    "adam betas": lambda g: torch.optim.Adam(g(0), lr=0.01, betas=(0.8, 0.95), eps=1e-4),
    "adam decay": lambda g: torch.optim.Adam(g(0.1), lr=0.01),
    "adamw": lambda g: torch.optim.AdamW(g(0.1), lr=0.01),
    "rmsprop": lambda g: torch.optim.RMSprop(g(0), lr=0.01),
    "rmsprop alpha": lambda g: torch.optim.RMSprop(g(0), lr=0.01, alpha=0.9, eps=1e-4),
    "rmsprop momentum decay": lambda g: torch.optim.RMSprop(g(0.1), lr=0.01, momentum=0.9),
}


def groups(net):
    """Decay is for weights, not for biases and normalisation."""
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() <= 1]
    return lambda decay: [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0}]


def export_optimizers():
    out, names = {}, []
    for seed, (name, shape, net) in enumerate(networks()):
        loss = cross_entropy()
        x, y = batch_of(shape, 8, loss, seed)
        out[name + "/input"], out[name + "/target"] = numbers(x), numbers(y)
        draw(net, seed)
        for k, p in tensors_of(net).items():
            out[f"{name}/before/{k}"] = numbers(p)
        for kind, make in OPTIMIZERS.items():
            names.append(f"{name}/{kind}")
            draw(net, seed)
            losses = train(net, make(groups(net)), x, y, loss)
            out[f"{names[-1]}/losses"] = losses
            for k, p in tensors_of(net).items():
                out[f"{names[-1]}/after/{k}"] = numbers(p)
    write("optimizers.safetensors", out, names)


def train(net, optimizer, x, y, loss):
    net.train()
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        value = loss(net(x), y)
        value.backward()
        optimizer.step()
        losses.append(value.item())
    return np.array(losses)


# ResNet-18 (He et al. 2016), with the names that torchvision has for its tensors.


class Block(nn.Module):
    def __init__(self, inputs, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1 or inputs != channels:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet18(nn.Module):
    def __init__(self, cifar, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False) if cifar else nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.Identity() if cifar else nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for i, channels in enumerate((64, 128, 256, 512)):
            setattr(self, f"layer{i + 1}", nn.Sequential(Block(inputs, channels, 1 if i == 0 else 2), Block(channels, channels, 1)))
            inputs = channels
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(x.mean((2, 3)))


def formula(name, n):
    """n numbers from -1 to below 1 that follow from a name: the FNV-1a hash of
    the name, stepped and mixed as in MurmurHash3. Exact in float32."""
    seed = 2166136261
    for c in name.encode():
        seed = (seed ^ c) * 16777619 & 0xFFFFFFFF
    x = np.uint32(seed) + np.arange(n, dtype=np.uint32) * np.uint32(0x9E3779B9)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return ((x >> np.uint32(8)).astype(np.int32) - (1 << 23)).astype(np.float32) / np.float32(1 << 23)


def by_formula(net):
    with torch.no_grad():
        for name, p in tensors_of(net).items():
            x = formula(name, p.numel())
            if p.dim() > 1:
                x *= np.float32(math.sqrt(6 / p[0].numel()))
            elif name.endswith(("running_var", "weight")):
                x = 1 + x / 4
            else:
                x /= 8
            p.copy_(torch.from_numpy(x.reshape(p.shape)))


def sample(x):
    """Eight entries over the whole tensor, or all of a small one."""
    x = numbers(x).ravel()
    n = min(len(x), 8)
    return x[[j * len(x) // n for j in range(n)]]


def export_resnet():
    """The inputs are those of many, by number, for which no rectifier's input is
    so near 0 that rounding decides its sign: noise of 1e-6 after each convolution
    else moves gradients by a tenth, in float64 too."""
    out, names = {}, []
    for name, cifar, size, classes, number in (("cifar stem", True, 32, 10, 36), ("imagenet stem", False, 64, 5, 16)):
        names.append(name)
        net = ResNet18(cifar, classes)
        by_formula(net)
        batch = 2
        x = 2 * torch.from_numpy(formula(f"input {number}", batch * 3 * size * size)).double().reshape(batch, 3, size, size)
        y = torch.tensor([(7 * i + 3) % classes for i in range(batch)])
        loss = cross_entropy()
        out[f"{name}/eval"] = numbers(net.eval()(x))
        logits = net.train()(x)
        out[f"{name}/output"], value = numbers(logits), loss(logits, y)
        out[f"{name}/loss"] = numbers(value)
        value.backward()
        for k, p in tensors_of(net).items():
            if p.requires_grad:
                out[f"{name}/norm/{k}"] = numbers(p.grad.norm())
                out[f"{name}/gradient/{k}"] = sample(p.grad)
            else:
                out[f"{name}/running/{k}"] = sample(p)
        by_formula(net)
        out[f"{name}/losses"] = train(net, torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9), x, y, loss)
        for k, p in tensors_of(net).items():
            out[f"{name}/after/{k}"] = sample(p)
    write("resnet18.safetensors", out, names)


if __name__ == "__main__":
    export_layers()
    export_optimizers()
    export_resnet()
