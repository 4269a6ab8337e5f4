"""What other tools read and write: exporters take a lock, and importers give a spec."""
