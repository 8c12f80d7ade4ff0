"""The other side of the contest: Optuna. Reads a JSON object a line from standard
input and answers each with one: {"sampler", "seed", "dims", "losses"} starts a study
of so many losses, then

{"ask": true}, answered by {"id", "params"}, and {"tell": id, "losses": [x]}.

Needs `pip install optuna cmaes scipy torch`.
"""

import json
import sys
import warnings

import optuna

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)

SAMPLERS = {
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    # By default its points are the same for every seed, and the second is the middle of the space.
    "qmc": lambda seed: optuna.samplers.QMCSampler(scramble=True, seed=seed),
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed),
    "cmaes": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    "nsgaii": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
}


def suggest(trial, dims):
    params = {}
    for d in dims:
        when = d.get("when")
        if when and params.get(when["name"]) not in when["in"]:
            continue
        name, kind = d["name"], d["kind"]
        if kind == "choice":
            params[name] = trial.suggest_categorical(name, d["choices"])
        elif kind in ("int", "logint"):
            params[name] = trial.suggest_int(name, int(d["lo"]), int(d["hi"]), log=kind == "logint")
        else:
            params[name] = trial.suggest_float(name, d["lo"], d["hi"], step=d["step"] or None, log=kind == "log")
    return params


def main():
    study = dims = trials = None
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        if "sampler" in request:
            dims, trials = request["dims"], {}
            study = optuna.create_study(
                sampler=SAMPLERS[request["sampler"]](request["seed"]), directions=["minimize"] * request["losses"]
            )
        elif "ask" in request:
            trial = study.ask()
            trials[trial.number] = trial
            answer = {"id": trial.number, "params": suggest(trial, dims)}
        else:
            study.tell(trials.pop(request["tell"]), request["losses"])
        print(json.dumps(answer), flush=True)


main()
