"""What lies beside a spec and reaches its image: read here, so that lowering stays pure."""
