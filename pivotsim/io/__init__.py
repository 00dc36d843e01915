"""Files in and out: text, arrays and YAML read and written, values checked, problems told in one line each."""
