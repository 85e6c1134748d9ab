/* What the number of a "python-call" or "python-import" fact says: bits. Module and name are those that the source's imports and names resolve to. */
#ifndef REDAN_FORMAT_PYTHON_CALL_H
#define REDAN_FORMAT_PYTHON_CALL_H

enum redan_python_call {
    REDAN_PYTHON_FUNCTION =
        1, /* in a function, or under `if __name__ == ...`: not run by importing */
    REDAN_PYTHON_DECODED =
        2, /* an argument comes out of a decoder (base64, zlib, marshal, xor ...) */
    REDAN_PYTHON_FETCHED = 4,   /* an argument comes from the network */
    REDAN_PYTHON_SHELL = 8,     /* shell=True */
    REDAN_PYTHON_CONSTANT = 16, /* the first argument is a constant text */
};

#endif
