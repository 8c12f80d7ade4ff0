"""Trains a small network with PyTorch, as a trial of torch.hcl.

What a program of any kind does to be a good trial: it reads its parameters,
reports a line a step, keeps a checkpoint, and goes on from it.
"""

import json
import os
import pathlib
import signal
import sys

import torch

params = json.loads(os.environ["SWEEP_PARAMS"])
trial = pathlib.Path(os.environ["SWEEP_TRIAL_DIR"])
checkpoint = pathlib.Path(os.environ["SWEEP_CHECKPOINT_DIR"]) / "state.pt"
epochs = int(sys.argv[1])

torch.manual_seed(int(os.environ["SWEEP_SEED"]))

# Two spirals, which no straight line separates.
generator = torch.Generator().manual_seed(0)
turn = torch.rand(1000, generator=generator) * 5
side = (torch.arange(1000) % 2).float()
angle = turn + side * torch.pi
points = torch.stack([turn * angle.cos(), turn * angle.sin()], 1) / 5
points += torch.randn(1000, 2, generator=generator) * 0.02
train, val = slice(0, 800), slice(800, 1000)

model = torch.nn.Sequential(
    torch.nn.Linear(2, params["width"]),
    torch.nn.Tanh(),
    torch.nn.Linear(params["width"], params["width"]),
    torch.nn.Tanh(),
    torch.nn.Linear(params["width"], 1),
)
optimizer = torch.optim.Adam(model.parameters(), lr=params["learning_rate"])
first = 1
if checkpoint.exists():
    state = torch.load(checkpoint, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    first = state["epoch"] + 1

stopping = False


def stop(*_):
    global stopping
    stopping = True


signal.signal(signal.SIGTERM, stop)  # sent when the trial is to end; its checkpoint stands

loss = torch.nn.BCEWithLogitsLoss()
for epoch in range(first, epochs + 1):
    if stopping:
        sys.exit(1)
    for batch in torch.randperm(800).split(50):
        optimizer.zero_grad()
        loss(model(points[train][batch])[:, 0], side[train][batch]).backward()
        optimizer.step()
    with torch.no_grad():
        logits = model(points[val])[:, 0]
        accuracy = ((logits > 0) == (side[val] > 0.5)).float().mean().item()
        report = {"step": epoch, "val_loss": loss(logits, side[val]).item(), "val_accuracy": accuracy}
    with open(trial / "metrics.jsonl", "a") as f:
        f.write(json.dumps(report) + "\n")
    # Whole or not at all: a new file takes the old one's name.
    checkpoint.parent.mkdir(exist_ok=True)
    part = checkpoint.with_suffix(".part")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, part)
    part.replace(checkpoint)
    print(f"epoch {epoch}: accuracy {accuracy:.3f}", flush=True)
