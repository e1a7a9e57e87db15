# shellcheck shell=bash
# What the scripts share: messages, and which Python and virtual environment to use. Sourced, not run.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

fail() {
  say "$@"
  exit 1
}

# use_python VERSION: sets `venv` for the given X.Y, or for the machine's own Python when it is empty.
use_python() {
  python_version=$1
  [[ ! $1 || $1 =~ ^3\.(1[1-9]|[2-9][0-9])$ ]] || fail "'$1' is not a version such as 3.13, from 3.11 on"
  venv=.venv${1:+-$1}
}

# find_python VERSION: prints an interpreter of that version, or of 3.11 and later when it is empty.
find_python() {
  local candidates=(python3 python3.13 python3.12 python3.11) candidate
  if [[ $1 ]]; then
    candidates=("python$1" python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python)
  fi
  for candidate in "${candidates[@]}"; do
    if "$candidate" - "$1" 2>/dev/null <<'PY'; then
import sys
sys.exit(sys.version_info < (3, 11) or not ".".join(map(str, sys.version_info)).startswith(sys.argv[1]))
PY
      echo "$candidate"
      return
    fi
  done
  return 1
}
