"""Trains a classifier on a toy set of pets and prints how good it is."""

from pets import load_pets
from sklearn.tree import DecisionTreeClassifier

features, names = load_pets()
model = DecisionTreeClassifier(random_state=0).fit(features, names)
print(f"accuracy: {model.score(features, names):.2f}")
