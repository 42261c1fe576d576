"""The scripts for bash, zsh and fish."""

from __future__ import annotations

from collections.abc import Iterator

from minikube_lite.cli.completion.words import Command, Option, Words


def bash(words: Words) -> str:
    """For bash 3.2 and newer, without the package bash-completion."""
    values = "\n".join(_bash_values(words))
    nexts = "\n".join(_bash_words(words))
    names = "|".join(command.name for command in words.commands)
    function = _function(words)
    return f"""# bash completion for {words.program}
{function}() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD - 1]}}" command="" possible="" word
    if [[ "$current" == "=" ]]; then
        current=""
    elif [[ "$before" == "=" ]]; then
        before="${{COMP_WORDS[COMP_CWORD - 2]}}"
    fi
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in
            {names}) command="$word"; break ;;
        esac
    done
    COMPREPLY=()
    case "$command $before" in
{values}
    esac
    case "$command" in
{nexts}
    esac
    COMPREPLY=($(compgen -W "$possible" -- "$current"))
}}
complete -F {function} {words.program}
"""


def _bash_values(words: Words) -> Iterator[str]:
    """What may follow an option that takes a value."""
    for command in (words.top, *words.commands):
        for option in command.options:
            if option.takes_value:
                pattern = "|".join(f'"{command.name} {flag}"' for flag in option.flags)
                yield f"        {pattern}) {_bash_value(option)}; return ;;"


def _bash_value(option: Option) -> str:
    if option.choices:
        return f'COMPREPLY=($(compgen -W "{" ".join(option.choices)}" -- "$current"))'
    if option.takes_directory:
        return 'compopt -o dirnames 2>/dev/null || COMPREPLY=($(compgen -d -- "$current"))'
    if option.takes_file:
        return 'compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$current"))'
    return ":"


def _bash_words(words: Words) -> Iterator[str]:
    """Words that a command may be followed by: options where one was begun, else what is not an option, too."""
    for command in (words.top, *words.commands):
        plain = [name for positional in command.positionals for name in positional.choices]
        if command is words.top:
            plain += [one.name for one in words.commands]
        yield f'        "{command.name}") possible="{" ".join([*plain, *command.flags])}" ;;'


def zsh(words: Words) -> str:
    """For zsh, sourced or as a file of $fpath."""
    described = "\n".join(f"            {_quoted(f'{one.name}:{one.help}')}" for one in words.commands)
    cases = "\n".join(_zsh_case(command) for command in words.commands)
    top = " ".join(_zsh_option(option) for option in words.top.options)
    function = _function(words)
    return f"""#compdef {words.program}
# zsh completion for {words.program}
{function}() {{
    local curcontext="$curcontext" state line
    local -a commands
    _arguments -C {top} '1:command:->command' '*::argument:->arguments'
    case "$state" in
        command)
            commands=(
{described}
            )
            _describe -t commands command commands
            ;;
        arguments)
            case "$line[1]" in
{cases}
            esac
            ;;
    esac
}}
if [[ "$funcstack[1]" == "{function}" ]]; then
    {function} "$@"
else
    compdef {function} {words.program}
fi
"""


def _zsh_case(command: Command) -> str:
    specifications = [_zsh_option(option) for option in command.options]
    for number, positional in enumerate(command.positionals, 1):
        specifications.append(_quoted(f"{number}:{_zsh_escaped(positional.help)}:{_zsh_action(positional)}"))
    return f"                {command.name}) _arguments {' '.join(specifications)} ;;"


def _zsh_option(option: Option) -> str:
    text = f"[{_zsh_escaped(option.help)}]"
    if option.takes_value:
        text += f":value:{_zsh_action(option)}"
    if len(option.flags) == 1:
        return _quoted(option.flags[0] + text)
    exclusive = _quoted(f"({' '.join(option.flags)})")
    return f"{exclusive}{{{','.join(option.flags)}}}{_quoted(text)}"


def _zsh_action(option: Option) -> str:
    if option.choices:
        return f"({' '.join(option.choices)})"
    return "_files -/" if option.takes_directory else "_files" if option.takes_file else " "


def _zsh_escaped(text: str) -> str:
    for character in "\\:[]":
        text = text.replace(character, f"\\{character}")
    return text


def fish(words: Words) -> str:
    """For fish."""
    names = " ".join(command.name for command in words.commands)
    lines = [f"# fish completion for {words.program}", f"complete -c {words.program} -f"]
    none_yet = f"not __fish_seen_subcommand_from {names}"
    for option in words.top.options:
        lines.append(_fish_option(words, none_yet, option))
    for command in words.commands:
        lines.append(
            f"complete -c {words.program} -n {_quoted(none_yet)} -a {command.name} -d {_fish_quoted(command.help)}"
        )
    for command in words.commands:
        condition = f"__fish_seen_subcommand_from {command.name}"
        lines += [_fish_option(words, condition, option) for option in command.options]
        for positional in command.positionals:
            if positional.choices:
                fresh = f"{condition}; and not __fish_seen_subcommand_from {' '.join(positional.choices)}"
                choices = _quoted(" ".join(positional.choices))
                lines.append(f"complete -c {words.program} -n {_quoted(fresh)} -a {choices}")
    return "\n".join(lines) + "\n"


def _fish_option(words: Words, condition: str, option: Option) -> str:
    parts = [f"complete -c {words.program} -n {_quoted(condition)}"]
    parts += [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    if option.choices:
        parts.append(f"-x -a {_quoted(' '.join(option.choices))}")
    elif option.takes_directory:
        parts.append("-x -a '(__fish_complete_directories)'")
    elif option.takes_value:
        parts.append("-r -F" if option.takes_file else "-x")
    parts.append(f"-d {_fish_quoted(option.help)}")
    return " ".join(parts)


def _fish_quoted(text: str) -> str:
    """Fish knows \\' inside of quotes."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _quoted(text: str) -> str:
    """In single quotes, as sh, bash and zsh read them."""
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"


def _function(words: Words) -> str:
    return f"_{words.program.replace('-', '_')}"
