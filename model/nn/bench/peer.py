"""The other side of the race: PyTorch. Reads {"work": NAME, "seconds": S} from
standard input, a line each, does the work for about that long on one batch and
answers {"rate": PER_SECOND, "note": HOW}. Networks run in the fastest of the
ways that PyTorch offers without a compiler: both memory formats, plain and fused
optimizers. `whole mlp|cnn DIR EPOCHS` as arguments instead trains once on the
idx files in DIR, as `sweep trial` does.

Needs `pip install torch numpy`; threadpoolctl is used where it is there.
"""

import gzip
import itertools
import json
import os
import sys
import time

THREADS = int(os.environ.get("OMP_NUM_THREADS", "1"))

try:
    import numpy as np
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError as e:
    print(json.dumps({"error": f"{sys.executable}: {e}: pip install torch numpy"}), flush=True)
    sys.exit(0)

torch.set_num_threads(THREADS)
torch.manual_seed(1)


def openblas():
    """The OpenBLAS that numpy calls, or nothing."""
    try:
        blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        name = f"OpenBLAS {blas['version']}" if "openblas" in blas["name"] else ""
    except (TypeError, KeyError):
        name = ""
    try:
        import threadpoolctl

        for lib in threadpoolctl.threadpool_info():
            if lib["internal_api"] == "openblas":
                if lib["num_threads"] != THREADS:
                    return ""  # not a fair race
                name = f"OpenBLAS {lib['version']}"
    except ImportError:
        pass
    return name


def measure(step, seconds, amount):
    """amount a second. The clock is read every ten milliseconds at most."""
    step()
    calls, count, start = 1, 0, time.perf_counter()
    while True:
        before = time.perf_counter()
        for _ in range(calls):
            step()
        count += calls
        now = time.perf_counter()
        if now - start >= seconds:
            return amount * count / (now - start)
        if now - before < 0.01:
            calls *= 2


def product(sizes, numpy):
    m, n, k = map(int, sizes.split("x"))
    a, b, c = torch.rand(m, k), torch.rand(k, n), torch.empty(m, n)
    if numpy:
        a, b, c = a.numpy(), b.numpy(), c.numpy()
        return (lambda: np.dot(a, b, out=c)), 2e-9 * m * n * k, ""
    return (lambda: torch.mm(a, b, out=c)), 2e-9 * m * n * k, ""


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
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        y += self.downsample(x) if self.downsample else x
        return F.relu(y, inplace=True)


def resnet18(stem, classes):
    layers, inputs = list(stem), 64
    for i, channels in enumerate((64, 128, 256, 512)):
        layers += [Block(inputs, channels, 1 if i == 0 else 2), Block(channels, channels, 1)]
        inputs = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def small_cnn():
    """A small one, for the memory: its own share is then the larger."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 49, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def sgd(params, **options):
    return torch.optim.SGD(params, lr=0.01, momentum=0.9, **options)


def adam(params, **options):
    return torch.optim.Adam(params, lr=0.001, **options)


NETWORKS = {
    "mlp-sgd": (mlp, sgd, 128, (1, 28, 28), 10),
    "mlp-adam": (mlp, adam, 128, (1, 28, 28), 10),
    "cnn": (cnn, sgd, 128, (1, 28, 28), 10),
    "resnet18-cifar": (lambda: resnet18((nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(True)), 10), sgd, 32, (3, 32, 32), 10),
    "resnet18-imagenet": (
        lambda: resnet18((nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(True), nn.MaxPool2d(3, 2, 1)), 1000),
        sgd, 8, (3, 224, 224), 1000,
    ),
}  # fmt: skip


def training(name):
    """A step of training in the fastest way."""
    make, optimizer, batch, shape, classes = NETWORKS[name]
    labels = torch.arange(batch) % classes
    best = None
    formats = [torch.contiguous_format] if name.startswith("mlp") else [torch.contiguous_format, torch.channels_last]
    for layout, fused in itertools.product(formats, (False, True)):
        net = make().to(memory_format=layout)
        x = torch.randn(batch, *shape).contiguous(memory_format=layout)
        try:
            opt = optimizer(net.parameters(), **({"fused": True} if fused else {}))
        except (TypeError, RuntimeError, ValueError):
            continue  # an older PyTorch

        def step(net=net, x=x, opt=opt):
            opt.zero_grad()
            loss = F.cross_entropy(net(x), labels)
            loss.backward()
            opt.step()
            return loss.item()

        rate = measure(step, 0.3, batch)
        note = ("channels last" if layout == torch.channels_last else "contiguous") + (", fused" if fused else "")
        if best is None or rate > best[3]:
            best = step, batch, note if len(formats) > 1 else note.replace("contiguous, ", "").replace("contiguous", "plain"), rate
    return best[:3]


def copying():
    """Gigabytes read and written, of arrays far larger than the caches."""
    a, b = torch.rand(1 << 26), torch.empty(1 << 26)
    return (lambda: b.copy_(a)), 8e-9 * len(a), ""


def prepare(work):
    kind, _, rest = work.partition(" ")
    if kind in ("sgemm", "openblas"):
        return product(rest, kind == "openblas")
    if kind == "copy":
        return copying()
    return training(work)


def serve():
    print(json.dumps({"name": f"PyTorch {torch.__version__}", "openblas": openblas(), "threads": torch.get_num_threads()}), flush=True)
    ready = work = None
    for line in sys.stdin:
        try:
            request = json.loads(line)
            if request["work"] != work:
                ready, work = None, request["work"]
                ready = prepare(work)
            step, amount, note = ready
            answer = {"rate": measure(step, request["seconds"], amount), "note": note}
        except Exception as e:  # whatever it is, the other side reports it
            work, answer = None, {"error": f"{request['work']}: {type(e).__name__}: {e}"}
        print(json.dumps(answer), flush=True)


def read_idx(folder, name):
    path = os.path.join(folder, name)
    with open(path, "rb") if os.path.exists(path) else gzip.open(path + ".gz") as f:
        data = f.read()
    dims = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(dims)).reshape(dims)


def whole(kind, folder, epochs):
    """Reads, trains, evaluates on what ours evaluates on, and leaves the weights."""
    images, labels = read_idx(folder, "train-images-idx3-ubyte"), read_idx(folder, "train-labels-idx1-ubyte")
    x = torch.from_numpy(images.copy())[:, None]
    y = torch.from_numpy(labels.astype(np.int64))
    test_x = torch.from_numpy(read_idx(folder, "t10k-images-idx3-ubyte").copy())[:, None]
    test_y = torch.from_numpy(read_idx(folder, "t10k-labels-idx1-ubyte").astype(np.int64))
    train = len(x) * 8 // 9  # ours keeps a ninth to validate on
    net = mlp() if kind == "mlp" else small_cnn()
    try:
        opt = adam(net.parameters(), fused=True)
    except (TypeError, RuntimeError, ValueError):  # an older PyTorch
        opt = adam(net.parameters())
    batch = 64

    def scaled(images):
        return (images.float() / 255 - 0.1307) / 0.3081

    def accuracy(x, y):
        net.eval()
        with torch.no_grad():
            right = sum((net(scaled(x[i : i + 500])).argmax(1) == y[i : i + 500]).sum().item() for i in range(0, len(x), 500))
        net.train()
        return right / len(x)

    for _ in range(int(epochs)):
        order = torch.randperm(train)
        for i in range(0, train - batch + 1, batch):
            at = order[i : i + batch]
            opt.zero_grad()
            loss = F.cross_entropy(net(scaled(x[at])), y[at])
            loss.backward()
            opt.step()
        print("val_accuracy", accuracy(x[train:], y[train:]))
    print("test_accuracy", accuracy(test_x, test_y))
    torch.save(net.state_dict(), os.devnull)


if sys.argv[1:2] == ["whole"]:
    whole(*sys.argv[2:])
else:
    serve()
