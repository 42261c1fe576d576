"""The same scripts here and in the sh of this machine: they write the same, and end with the same status."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SECONDS_MAX = 20

SCRIPTS = [
    "for i in 1 2; do echo $i; done | cat; false || exit 4",
    "x=5; echo $((x * 2 + 1)) $((x > 3 ? 10 : 20)) $((x & 4 | 2)) $((-x / 2)) $((-x % 3)) $((~x)) $((!x))",
    'set -- a "b c" "" d; for w in "$@"; do echo "<$w>"; done; for w in $@; do echo "<$w>"; done; echo "$*" $#',
    'IFS=:; set -- a b c; echo "$*"; x=1:2::3:; for w in $x; do echo "<$w>"; done',
    "IFS=' :'; x='  a : b:c ::  d  '; for w in $x; do echo \"<$w>\"; done",
    'x=; echo "${x:-empty}" "${x-set}" "${y-unset}" "${x:+no}" "${x+yes}"; echo ${z:=assigned} $z',
    "p=/usr/local/lib/file.tar.gz; echo ${p##*/} ${p#*/} ${p%.*} ${p%%.*} ${#p}",
    "false; echo $?; true; echo $?; ! true; echo $?; (exit 3); echo $?",
    "set -e; if false; then echo a; fi; false || echo b; false && echo c; ! true; echo d; false; echo e",
    "set -e; f() { false; echo in; }; f || echo x; f; echo never",
    "set -e; (false; echo in); echo out",
    "if x=$(set -e; false; echo hi); then echo y$x; else echo n; fi; ! x=$(set -e; false; echo); echo $?",
    "set -e; x=$(false); echo never",
    "set -e; { false; }; echo never",
    "set -e; { false || true; }; ! { true; }; echo here; f() { ! true; }; f; echo never",
    "f() { echo $1 $#; return 7; }; f a b; echo $?; set -- q; f z; echo $1",
    "f() { local x=2; echo $x; g; }; g() { echo $x; x=3; }; x=1; f; echo $x",
    "while read a b; do echo $b-$a; done <<E\n1 2 3\n4\n5 6\nE",
    "i=0; while [ $i -lt 5 ]; do i=$((i + 1)); [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done; echo $?",
    "for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done",
    "for i in 1 2; do while :; do break 2; done; done; echo $i",
    "case abc in a?c) echo 1;; *) echo 2;; esac; case x in [!a-c]) echo 3;; esac; case '*' in '*') echo 4;; esac",
    "case a in b) ;; esac; echo $?; case a in a) false;; esac; echo $?",
    'x=a; case $x in "$x") echo quoted;; esac; y=\'*\'; case abc in $y) echo pattern;; esac; case abc in "$y") echo no;; esac',
    "cat <<E\n$((1 + 2)) $(echo sub) `echo back` \\$x \"q\" 'q'\nE\ncat <<'E'\n$x `no` \\$\nE\ncat <<-E\n\ttab\n\tE",
    "echo a 1>&2 2>/dev/null; echo b 2>&1; { echo c; echo d >&2; } 2>/dev/null",
    "echo one > f; echo two >> f; cat f; cat < f | cat; rm f",
    "exec 3>g; echo x >&3; exec 3>&-; cat g; rm g",
    "echo $(echo $(echo deep) | cat) \"$(printf 'a\\n\\n')\"x",
    "x=$(exit 3); echo $?; x=1 y=$x; echo $y; x=2 true; echo $x; x=3 :; echo $x",
    "trap 'echo bye $?' EXIT; exit 5",
    "(trap 'echo sub' EXIT); echo main",
    "trap 'echo int' INT; kill -INT $$; echo after; trap - INT",
    "eval 'x=1; echo $x'; eval exit 6; echo never",
    "a='b c'; set -- $a; echo $#; set -- \"$a\"; echo $#; set --; echo $#; echo ${1-none}",
    "unset x; set -u; echo ${x-ok}; echo $x; echo never",
    "readonly r=1; echo $r; r=2; echo never",
    "shift 2>/dev/null; echo $?",
    "set -- 1 2 3; shift 2; echo $*; shift; echo $#",
    'echo "a\\"b\\$c" \'it\'\\\'\'s\' a\\ b a""b ""',
    "printf '%s|%5s|%-5s|%05d|%x|%o|%c|%%\\n' a b c 42 255 8 xyz; printf '%b' 'a\\tb\\n'; printf '%d %s\\n' 1 a 2 b",
    "test a = a -a 1 -lt 2 && echo 1; [ -n '' ] || echo 2; [ ! -e /nosuch ] && echo 3; [ a != b -o x = y ] && echo 4",
    "[ 1 -eq x ] 2>/dev/null; echo $?; test; echo $?; [ -z ]; echo $?; [ ! ]; echo $?; [ = = = ]; echo $?",
    "while getopts ab: o -a -b val -c rest 2>/dev/null; do echo $o ${OPTARG-none}; done; echo $OPTIND",
    "command -v echo cd nosuch; echo $?; type : >/dev/null; echo $?",
    'umask 022; umask; cd /; pwd; cd /nosuch 2>/dev/null || echo failed; [ "$(cd - 2>/dev/null)" = "$OLDPWD" ] && echo back',
    "x=1; (x=2; echo $x); echo $x; x=3 | cat; echo $x; echo 4 | read x; echo $x",
    "{ echo a; exit 3; } | cat; echo $?; true | false; echo $?; false | true; echo $?",
    "sleep 0 & wait $!; echo $?; (exit 9) & wait $!; echo $?; wait; echo $?",
    "if (exit 2); then :; elif [ $? = 2 ]; then echo two; else echo other; fi",
    'until [ "$x" = aaa ]; do x=a$x; done; echo $x; until false; do break; done; echo $?',
    "echo ${x:=$((1 + 1))}$x ${x%2}3; : ${q:=default word}; echo $q",
    'a=~; b=x:~/y; [ "$a" = "$HOME" ] && [ "$b" = "x:$HOME/y" ] && [ "~" != ~ ] && echo tilde',
    "echo a;; echo b",
    "echo first\nif true; then echo second",
    "echo 'unterminated",
    "f() { f2() { echo nested; }; f2; }; f; f2; unset -f f; f 2>/dev/null; echo $?",
    "echo x | { read a; echo got $a; } && ( echo y ) | cat",
    'x=\'a b\'; y=$x; echo "$y"; export z=$x; echo "$z"; set -f; echo *; set +f',
    ". ./nosuch 2>/dev/null; echo never",
    "echo 'echo sourced $1; x=7; return 4' > s; . ./s; echo $? $x; rm s",
    "break; continue; echo outside; return 3; echo never",
    "echo $((0x1f)) $((010)) $((1 << 4)) $((x = 3)) 2>/dev/null",
    "x=2; echo $((x += 3)) $x $((x == 5 && 1)) $((0 || 0)) $((1 ? 2 : 3))",
    "echo $((1 / 0)) 2>/dev/null; echo never",
    "readonly a=1; (a=2) 2>/dev/null; echo $?",
    "set -x 2>/dev/null; { set +x; } 2>/dev/null; echo $-|cat >/dev/null; echo done",
    "n=0; f() { n=$((n + 1)); [ $n -lt 20 ] && f; echo $n; }; f | cat | head -n 1",
    "yes | head -n 1; echo $?",
    "for i in; do echo never; done; echo $?; for x do echo $x; done; set -- p q; for x do echo $x; done",
    "echo a&&echo b||echo c;false&&echo d||echo e;(echo f)&&{ echo g;}",
    'echo "${x:-"in quotes"}" ${x:-\'single\'} "${x:-\'kept\'}" ${x:-a   b} "${x:-a   b}"',
    "x=abcabc; echo ${x#a*c} ${x##a*c} ${x%b*} ${x%%b*} ${x#'a*'} ${x#\"a\"}",
]


@pytest.fixture
def real(tmp_path):
    """Runs a script in the machine's own sh."""
    directory = tmp_path / "real"
    directory.mkdir()
    program = shutil.which("sh")
    assert program is not None

    def run(script: str) -> tuple[int, str]:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [program, "-c", script],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        return done.returncode, done.stdout.decode(errors="replace")

    return run


@pytest.mark.parametrize("script", SCRIPTS)
async def test_a_script_does_the_same(sh, real, script: str) -> None:
    done = await sh(script, working_directory="/tmp")
    assert (done.code, done.out) == real(script)


NAMES = st.sampled_from(["a", "b", "c"])
LITERALS = st.sampled_from(["x", "1", "20", "a b", "", "*x", "p/q.r", "-1", "0"])
QUOTED = LITERALS.map(lambda text: f"'{text}'")
OPERATORS = st.sampled_from([":-", "-", ":+", "+", "%", "%%", "#", "##", ":="])
NUMERIC = st.sampled_from(["+", "-", "*", "<", ">", "==", "!=", "&&", "||", "&", "|", "^", "<<"])


def arithmetic() -> st.SearchStrategy[str]:
    """Expressions without variables that may be no numbers."""
    leaf = st.integers(0, 9).map(str)
    return st.recursive(leaf, lambda inner: st.tuples(inner, NUMERIC, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"))


def words(commands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Words, with commands in substitutions."""
    parameters = NAMES.map(lambda name: f"${name}")
    changed = st.tuples(NAMES, OPERATORS, st.sampled_from(["x", "*", "?", "p/*", "", "1"]))
    unquoted = st.one_of(
        QUOTED,
        parameters,
        changed.map(lambda t: f"${{{t[0]}{t[1]}{t[2]}}}"),
        parameters.map(lambda text: f'"{text}"'),
        commands.map(lambda text: f"$( {text})"),
        commands.map(lambda text: f'"$( {text})"'),
        arithmetic().map(lambda text: f"$(({text}))"),
        st.sampled_from(["$?", '"$@"', "$#", '"$*"', "$*", "${#a}", "x"]),
    )
    return st.lists(unquoted, min_size=1, max_size=3).map("".join)


def document(text: str) -> str:
    """A here-document; each that stands within another has an end of its own."""
    end = f"E{text.count('<<')}"
    return f"cat <<{end}\n{text}\n{end}\n:"


def scripts() -> st.SearchStrategy[str]:
    """Scripts that end."""
    simple = st.sampled_from(
        ["true", "false", "echo x", "(exit 3)", "echo $a", ":", "return 2", "exit 4", "echo $?", "set -e"]
    )

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        word = words(inner)
        echo = st.lists(word, max_size=3).map(lambda found: "echo " + " ".join(f"{one}" for one in found))
        listed = st.lists(inner, min_size=1, max_size=3).map("; ".join)
        return st.one_of(
            echo,
            st.tuples(NAMES, word).map(lambda t: f"{t[0]}={t[1]}"),
            st.tuples(inner, st.sampled_from(["&&", "||", "|", ";"]), inner).map(" ".join),
            inner.map(lambda text: f"! {{ {text}; }}"),
            listed.map(lambda text: f"( {text} )"),
            listed.map(lambda text: f"{{ {text}; }}"),
            st.tuples(inner, listed, listed).map(lambda t: f"if {t[0]}; then {t[1]}; else {t[2]}; fi"),
            st.tuples(NAMES, word, listed).map(lambda t: f"for {t[0]} in {t[1]} y; do {t[2]}; done"),
            st.tuples(word, listed, listed).map(lambda t: f"case {t[0]} in x|1) {t[1]};; *) {t[2]};; esac"),
            st.tuples(listed, listed).map(lambda t: f"f() {{ {t[0]}; }}; f; {t[1]}"),
            st.tuples(inner, st.sampled_from(["break", "continue", "break 2", "false"])).map(
                lambda t: f"for i in 1 2; do for j in 1 2; do {t[0]}; {t[1]}; done; echo $i; done"
            ),
            st.lists(word, max_size=3).map(lambda found: "set -- " + " ".join(found)),
            st.tuples(word, word).map(lambda t: f"[ {t[0]} = {t[1]} ]"),
            word.map(document),
        )

    return st.recursive(simple, larger, max_leaves=8)


@given(script=scripts())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_any_script_does_the_same(sh, real, tmp_path: Path, script: str) -> None:
    done = asyncio.run(sh(script, working_directory="/tmp"))
    assert (done.code, done.out) == real(script), done.err
