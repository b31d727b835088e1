# The autoencoder of PyOD with its defaults, on the twelve tables as test/quality/datasets.ts splits them: a reference that the
# quality tables stand beside, made once by hand (the project needs no Python):
#   python3 -m venv venv && venv/bin/pip install pyod torch tqdm && venv/bin/python test/quality/pyod-autoencoder.py 0 1 > test/quality/pyod-autoencoder.csv
# Arguments are seeds. AUROC and average precision in percent, with ties as in test/quality/metrics.ts.

import csv
import gzip
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from pyod.models.auto_encoder import AutoEncoder
from sklearn.metrics import average_precision_score, roc_auc_score

folder = Path(__file__).resolve().parents[2] / '../shared/data/tabular'
torch.set_num_threads(1)


def split(file):
    with gzip.open(file, 'rt') as text:
        table = np.array([[float(cell) for cell in line] for line in list(csv.reader(text))[1:]])
    rows, labels = table[:, :-1], table[:, -1]
    normal = rows[labels == 0]
    train = normal[: round(len(normal) / 2)]
    test = np.vstack([normal[len(train) :], rows[labels == 1]])
    truth = np.r_[np.zeros(len(normal) - len(train)), np.ones(int(labels.sum()))]
    constant = train.max(0) == train.min(0)
    mean, scale = train.mean(0), np.where(constant, 1, train.std(0))
    return (train - mean) / scale, (test - mean) / scale, truth


print(f'# PyOD {version("pyod")}, torch {version("torch")}: AutoEncoder() with its defaults, a line for each table and seed')
print('set,seed,auroc,ap')
for file in sorted(folder.glob('*.csv.gz'), key=lambda each: each.name.lower()):
    train, test, truth = split(file)
    for seed in map(int, sys.argv[1:]):
        detector = AutoEncoder(random_state=seed, verbose=0)
        detector.fit(train)
        scores = detector.decision_function(test)
        auroc, ap = 100 * roc_auc_score(truth, scores), 100 * average_precision_score(truth, scores)
        print(f'{file.name[:-7]},{seed},{auroc:.2f},{ap:.2f}', flush=True)
