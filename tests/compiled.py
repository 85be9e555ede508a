"""Importing this compiles the gazetteer: `tests.warm` does so before it forks."""

from classifier.features.evidence import read_all
from classifier.gazetteer import default_gazetteer

read_all(["acetone 25 kg"], default_gazetteer())
