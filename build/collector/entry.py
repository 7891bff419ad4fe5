"""The bundled collector: the processes it starts for a pack are this same program again."""

import multiprocessing

from collector.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    main()
