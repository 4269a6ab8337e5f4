"""Scores with a model: `init` loads it once, `run` answers each request. Put your own model here."""

import os
from pathlib import Path
from typing import Any

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

MODEL = Path(os.environ.get("MODEL", "model.joblib"))

model: Any = None


def init() -> None:
    """Load the model; while there is none, train one on the flowers that come with scikit-learn."""
    global model
    if MODEL.exists():
        model = joblib.load(MODEL)
        return
    iris = load_iris()
    model = LogisticRegression(max_iter=500).fit(iris.data, iris.target_names[iris.target])


def run(data: dict[str, Any]) -> dict[str, Any]:
    """Return a prediction for each row of `features`."""
    return {"predictions": model.predict(data["features"]).tolist()}


if __name__ == "__main__":
    init()
    print(run({"features": [[5.1, 3.5, 1.4, 0.2]]}))
