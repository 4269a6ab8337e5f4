"""Requirements become packages: solvers behind small protocols, and questions to registries."""
