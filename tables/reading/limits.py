"""How large a file may be. Within these limits a worker stays below 200 MB."""

from typing import Final

MAX_FILE_BYTES: Final = 50_000_000
MAX_ROWS: Final = 250_000
MAX_COLUMNS: Final = 300
MAX_CELL_CHARACTERS: Final = 10_000
# Of a workbook: what its parts take unpacked, and the cells of the rectangle that holds its values. A cell takes 32
# bytes in memory, a text its length more.
MAX_UNPACKED_BYTES: Final = 200_000_000
MAX_WORKBOOK_CELLS: Final = 4_000_000
# A cell of CSV above this ends the reading: a quote is not closed.
MAX_READ_CHARACTERS: Final = 2_000_000
