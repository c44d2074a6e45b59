"""Pack a checkpoint into a .mar: the last step of training, done by the room `archive`."""

from archive.build import main

if __name__ == "__main__":
    raise SystemExit(main())
