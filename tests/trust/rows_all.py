"""The tables, in the order in which they are shown: a new family is one file and one line here."""
import rows_benign
import rows_body
import rows_chain
import rows_keys
import rows_limits
import rows_model
import rows_past
import rows_plan
import rows_record
import rows_sign
import rows_text

TABLES = [rows_model, rows_record, rows_keys, rows_sign, rows_body, rows_chain, rows_past, rows_limits, rows_plan, rows_text, rows_benign]


def rows(world):
    for table in TABLES:
        yield from table.rows(world)
