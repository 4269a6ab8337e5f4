"""Counts its steps, where others would learn something."""

import click
from tqdm import trange


@click.command()
@click.option("--steps", default=100, show_default=True)
def train(steps: int) -> None:
    for _ in trange(steps, disable=None):
        pass
    click.echo(f"trained for {steps} steps")


if __name__ == "__main__":
    train()
