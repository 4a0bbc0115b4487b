"""The shield: blocking decisions and the response policy zone that carries them to resolvers (DESIGN §5)."""
