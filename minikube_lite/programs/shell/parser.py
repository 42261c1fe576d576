"""From a script to a tree. The whole grammar:

    script    : (list NEWLINE)*
    list      : and_or ((";" | "&" | NEWLINE) and_or)* (";" | "&")?
    and_or    : pipeline (("&&" | "||") NEWLINE* pipeline)*
    pipeline  : "!"? command ("|" NEWLINE* command)*
    command   : simple | compound redirect* | NAME "(" ")" NEWLINE* command
    compound  : "{" list "}"
              | "(" list ")"
              | "if" list "then" list ("elif" list "then" list)* ("else" list)? "fi"
              | ("while" | "until") list "do" list "done"
              | "for" NAME ("in" WORD*)? (";" | NEWLINE) "do" list "done"
              | "case" WORD "in" ("("? WORD ("|" WORD)* ")" list? ";;")* "esac"
    simple    : (NAME "=" WORD? | redirect)* (WORD | redirect)*
    redirect  : DIGITS? ("<" | ">" | ">>" | ">|" | "<>" | "<&" | ">&" | "<<" | "<<-") WORD

Words are in words.py. Reserved words are that only where a command may begin. Upstream: POSIX, Shell Command Language, 2.10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from minikube_lite.programs.shell.syntax import NESTING_MAX, REDIRECTS, SHELL_NAME, Incomplete, ShellSyntaxError
from minikube_lite.programs.shell.tokens import Token, Tokens
from minikube_lite.programs.shell.tree import (
    AndOr,
    Assignment,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    List,
    Loop,
    Pipeline,
    Redirect,
    Redirected,
    Simple,
    Subshell,
    Text,
    Word,
)

RESERVED = frozenset(
    ("!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while")
)


def script(text: str) -> Iterator[List]:
    """The lists of a script, one line after the other: what is wrong later is found when all before it has run."""
    parser = _Parser(text, 0, 0)
    while (line := parser.line()) is not None:
        yield line


def parse(text: str) -> List:
    """A whole text. Raises ShellSyntaxError, which is Incomplete where more text could make it right."""
    return List(tuple(item for line in script(text) for item in line.items))


class _Nested:
    def __init__(self, depth: int) -> None:
        self._depth = depth

    def inside(self, text: str, position: int) -> tuple[List, int]:
        parser = _Parser(text, position, self._depth)
        body = parser.list_until(")")
        return body, parser.position

    def whole(self, text: str) -> List:
        parser = _Parser(text, 0, self._depth)
        items: list[AndOr] = []
        while (line := parser.line()) is not None:
            items.extend(line.items)
        return List(tuple(items))


class _Parser:
    def __init__(self, text: str, position: int, depth: int) -> None:
        if depth > NESTING_MAX:
            raise ShellSyntaxError("nested too deeply")
        self._depth = depth
        self._tokens = Tokens(text, position, _Nested(depth + 1))

    @property
    def position(self) -> int:
        return self._tokens.position

    # Tokens

    def _at(self, *texts: str) -> bool:
        """Whether an operator or an unquoted word stands next that is one of these."""
        token = self._tokens.peek()
        return token.kind in ("operator", "word") and token.text in texts and bool(token.text)

    def _accept(self, *texts: str) -> bool:
        found = self._at(*texts)
        if found:
            self._tokens.take()
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self._unexpected(text)

    def _unexpected(self, expected: str = "") -> ShellSyntaxError:
        token = self._tokens.peek()
        tail = f' (expecting "{expected}")' if expected else ""
        if token.kind == "end":
            return Incomplete(f"unexpected end of file{tail}")
        if token.text == "\n":
            return ShellSyntaxError(f"unexpected newline{tail}")
        shown = token.text or ("word" if token.kind == "word" else "redirection")
        return ShellSyntaxError(f'unexpected "{shown}"{tail}' if token.text else f"unexpected {shown}{tail}")

    def _newlines(self) -> None:
        while self._accept("\n"):
            pass

    # Lists

    def line(self) -> List | None:
        """What stands on the next line, and on those that it goes on in; None at the end."""
        self._newlines()
        if self._tokens.peek().kind == "end":
            return None
        items = [self._and_or()]
        while not self._accept("\n"):
            if self._tokens.peek().kind == "end":
                self._tokens.finish()
                break
            if not (self._is_background(items) or self._accept(";")):
                raise self._unexpected()
            if not self._at("\n") and self._tokens.peek().kind != "end":
                items.append(self._and_or())
        return List(tuple(items))

    def list_until(self, *closers: str) -> List:
        """A list and the word that closes it."""
        body = self._list(*closers)
        self._expect(closers[0])
        return body

    def _list(self, *closers: str) -> List:
        """A list up to one of these words, which is left."""
        items: list[AndOr] = []
        self._newlines()
        while not self._at(*closers):
            if self._tokens.peek().kind == "end":
                raise self._unexpected(closers[0])
            items.append(self._and_or())
            if not (self._is_background(items) or self._at(";", "\n")):
                break
            self._accept(";")
            self._newlines()
        return List(tuple(items))

    def _body(self, *closers: str) -> List:
        """A list that must not be empty."""
        body = self._list(*closers)
        if not body.items:
            raise self._unexpected()
        return body

    def _is_background(self, items: list[AndOr]) -> bool:
        if not self._accept("&"):
            return False
        items[-1] = AndOr(items[-1].first, items[-1].rest, background=True)
        return True

    def _and_or(self) -> AndOr:
        first = self._pipeline()
        rest: list[tuple[str, Pipeline]] = []
        while self._at("&&", "||"):
            operator = self._tokens.take().text
            self._newlines()
            rest.append((operator, self._pipeline()))
        return AndOr(first, tuple(rest))

    def _pipeline(self) -> Pipeline:
        negated = False
        while self._accept("!"):
            negated = not negated
        commands = [self._command()]
        while self._accept("|"):
            self._newlines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    # Commands

    def _command(self) -> Command:
        self._depth += 1
        if self._depth > NESTING_MAX:
            raise ShellSyntaxError("nested too deeply")
        try:
            compound = self._compound()
            if compound is None:
                return self._simple()
            redirects = self._redirects()
            return Redirected(compound, redirects) if redirects else compound
        finally:
            self._depth -= 1

    def _compound(self) -> Command | None:
        token = self._tokens.peek()
        readers: dict[str, Callable[[], Command]] = {
            "{": self._group,
            "(": self._subshell,
            "if": self._if,
            "for": self._for,
            "case": self._case,
        }
        if token.text in readers and token.kind in ("word", "operator"):
            self._tokens.take()
            return readers[token.text]()
        if token.kind == "word" and token.text in ("while", "until"):
            self._tokens.take()
            condition = self._body("do")
            return Loop(token.text == "until", condition, self._do())
        if token.kind == "word" and token.text in RESERVED:
            raise self._unexpected()
        return None

    def _group(self) -> Group:
        body = self._body("}")
        self._expect("}")
        return Group(body)

    def _subshell(self) -> Subshell:
        body = self._body(")")
        self._expect(")")
        return Subshell(body)

    def _do(self) -> List:
        self._expect("do")
        body = self._body("done")
        self._expect("done")
        return body

    def _if(self) -> If:
        branches, otherwise = [self._branch()], None
        while self._accept("elif"):
            branches.append(self._branch())
        if self._accept("else"):
            otherwise = self._body("fi")
        self._expect("fi")
        return If(tuple(branches), otherwise)

    def _branch(self) -> tuple[List, List]:
        condition = self._body("then")
        self._expect("then")
        return condition, self._body("fi", "elif", "else")

    def _for(self) -> For:
        name = self._tokens.take()
        if not SHELL_NAME.fullmatch(name.text):
            raise ShellSyntaxError("bad for loop variable")
        self._newlines()
        words: list[Word] | None = None
        if self._accept("in"):
            words = []
            while self._tokens.peek().kind == "word":
                words.append(self._tokens.take().word)
            if not self._accept(";", "\n"):
                raise self._unexpected()
        else:
            self._accept(";")
        self._newlines()
        return For(name.text, None if words is None else tuple(words), self._do())

    def _case(self) -> Case:
        subject = self._word()
        self._newlines()
        self._expect("in")
        clauses: list[tuple[tuple[Word, ...], List]] = []
        self._newlines()
        while not self._accept("esac"):
            self._accept("(")
            patterns = [self._word()]
            while self._accept("|"):
                patterns.append(self._word())
            self._expect(")")
            clauses.append((tuple(patterns), self._list(";;", "esac")))
            if not self._accept(";;") and not self._at("esac"):
                raise self._unexpected(";;")
            self._newlines()
        return Case(subject, tuple(clauses))

    def _word(self) -> Word:
        if self._tokens.peek().kind != "word":
            raise self._unexpected()
        return self._tokens.take().word

    def _simple(self) -> Command:
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            redirects.extend(self._redirects())
            token = self._tokens.peek()
            if token.kind != "word":
                break
            self._tokens.take()
            assignment = None if words else assigned_by(token.word)
            if assignment is not None:
                assignments.append(assignment)
                continue
            if not words and not assignments and not redirects and self._at("("):
                return self._function(token)
            words.append(token.word)
        if not (assignments or words or redirects):
            raise self._unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects))

    def _function(self, name: Token) -> Function:
        self._tokens.take()
        self._expect(")")
        if not SHELL_NAME.fullmatch(name.text):
            raise ShellSyntaxError("bad function name")
        self._newlines()
        return Function(name.text, self._command())

    def _redirects(self) -> tuple[Redirect, ...]:
        redirects: list[Redirect] = []
        while True:
            token = self._tokens.peek()
            given = token.text if token.kind == "fd" else ""
            if given:
                self._tokens.take()
            elif token.kind != "operator" or token.text not in REDIRECTS:
                return tuple(redirects)
            redirects.append(self._redirect(given))

    def _redirect(self, given: str) -> Redirect:
        operator = self._tokens.take().text
        fd = int(given) if given else 0 if operator.startswith("<") else 1
        redirect = Redirect(operator, fd)
        word = self._word()
        if operator in ("<<", "<<-"):
            self._tokens.expect_document(redirect, word)
        else:
            redirect.word = word
        return redirect


def assigned_by(word: Word) -> Assignment | None:
    """What a word assigns, if it begins with `name=`."""
    first = word[0] if word else None
    if not isinstance(first, Text) or first.quoted:
        return None
    name, equals, value = first.text.partition("=")
    if not equals or not SHELL_NAME.fullmatch(name):
        return None
    return Assignment(name, (Text(value), *word[1:]) if value else word[1:])
