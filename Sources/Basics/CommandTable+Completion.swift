/// What can stand for a value that is none of a few choices.
public enum CompletionValues: Sendable {
    case words([String])
    /// What a command of the shell prints, a word a line; in the array `given` stand the options of every command that were
    /// typed with a value, as `--name=value`.
    case printed(String)
    case files
}

extension CommandTable {
    /// What completes words in a shell.
    ///
    /// - Throws: `ArgumentFault` where the shell is not known.
    public func completion(for shell: String) throws(ArgumentFault) -> String {
        switch shell {
        case "bash": return bashCompletion
        case "zsh": return zshCompletion
        default:
            throw ArgumentFault(
                "there is no completion for \(shell)", hint: "Run: \(program) completion bash; or zsh")
        }
    }

    /// Completes the words of a command line for bash: source it, or put it where bash-completion looks.
    public var bashCompletion: String {
        let function = "_" + Self.word(program)
        func offer(_ values: CompletionValues) -> String {
            switch values {
            case .words(let words): "COMPREPLY=($(compgen -W '\(words.joined(separator: " "))' -- \"$current\"))"
            case .printed(let command): "COMPREPLY=($(compgen -W \"$(\(command))\" -- \"$current\"))"
            case .files: "COMPREPLY=($(compgen -f -- \"$current\"))"
            }
        }
        func cases(_ rows: [(pattern: String, values: CompletionValues)], _ indent: String) -> String {
            rows.map { "\(indent)\($0.pattern)) \(offer($0.values)); return ;;\n" }.joined()
        }
        return """
            # Completion of \(program) for bash.
            \(function)() {
                local current previous words known options next index option
                local -a rest given
                COMPREPLY=()
                current=${COMP_WORDS[COMP_CWORD]}
                previous=${COMP_WORDS[COMP_CWORD-1]}
                # bash takes --name=value for three words.
                if [ "$current" = = ]; then
                    current=
                elif [ "$previous" = = ]; then
                    previous=${COMP_WORDS[COMP_CWORD-2]}
                fi
                words=
                for ((index = 1; index < COMP_CWORD; index++)); do
                    case ${COMP_WORDS[index]} in
                    \(valueOptions))
                        option=${COMP_WORDS[index]}
                        index=$((index + 1))
                        if [ "${COMP_WORDS[index]}" = = ]; then index=$((index + 1)); fi
                        case $option in \(commonValueOptions)) given+=("$option=${COMP_WORDS[index]}") ;; esac ;;
                    --*=*)
                        case ${COMP_WORDS[index]%%=*} in \(commonValueOptions)) given+=("${COMP_WORDS[index]}") ;; esac ;;
                    -*) ;;
                    *) words="${words:+$words }${COMP_WORDS[index]}" ;;
                    esac
                done
                # The longest beginning of the words that is a command; the others are its arguments.
                known=$words
                while [ -n "$known" ]; do
                    case $known in
                    \(commandNames)) break ;;
                    *' '*) known=${known% *} ;;
                    *) known= ;;
                    esac
                done
                read -r -a rest <<<"${words#"$known"}"
                case "$known $previous" in
            \(cases(optionValues, "    "))    esac
                case $previous in
                \(valueOptions)) return ;;
                esac
                case $current in
                -*)
                    options=
                    case $known in
            \(optionsOfCommands.map { "        \(Self.quoted($0.name))) options=\(Self.quoted($0.options.map { "--\($0.name)" }.joined(separator: " "))) ;;\n" }.joined())        esac
                    COMPREPLY=($(compgen -W "$options \(common.map { "--\($0.name)" }.joined(separator: " ")) --help" -- "$current"))
                    return ;;
                esac
                case "$known ${#rest[@]}" in
            \(cases(argumentValues, "    "))    esac
                case $words in
                help) words= ;;
                'help '*) words=${words#help } ;;
                esac
                next=
                case $words in
            \(described().map { "    \(Self.quoted($0.words))) next=\(Self.quoted($0.next.map(\.name).joined(separator: " "))) ;;" }.joined(separator: "\n"))
                esac
                COMPREPLY=($(compgen -W "$next" -- "$current"))
            }
            complete -F \(function) \(program)

            """
    }

    /// Completes the words of a command line for zsh, with what each means.
    public var zshCompletion: String {
        func entry(_ name: String, _ help: String) -> String { Self.quoted("\(name.replacingColons):\(help)") }
        func entries(_ options: [OptionSpec]) -> String {
            options.map { entry("--\($0.name)", $0.help) }.joined(separator: " ")
        }
        func offer(_ values: CompletionValues) -> String {
            switch values {
            case .words(let words): "compadd -- \(words.joined(separator: " "))"
            case .printed(let command): "compadd -- ${(f)\"$(\(command))\"}"
            case .files: "_files"
            }
        }
        func cases(_ rows: [(pattern: String, values: CompletionValues)]) -> String {
            rows.map { "\($0.pattern)) \(offer($0.values)); return ;;\n" }.joined()
        }
        let nexts = described().map { row in
            let names = row.next.map { entry($0.name, $0.help) }.joined(separator: " ")
            return "\(Self.quoted(row.words))) next=(\(names)) ;;\n"
        }.joined()
        let options = optionsOfCommands.map {
            "    \(Self.quoted($0.name))) options=(\(entries($0.options))) ;;\n"
        }.joined()
        return """
            #compdef \(program)
            # Completion of \(program) for zsh.
            local -a next options common rest given
            local typed known previous word skips
            previous=${words[CURRENT-1]}
            if [[ ${words[CURRENT]} == --*=* ]]; then
                previous=${words[CURRENT]%%=*}
                compset -P '*='
            fi
            typed=
            for word in ${words[2,CURRENT-1]}; do
                if [[ -n $skips ]]; then
                    case $skips in \(commonValueOptions)) given+=("$skips=${(Q)word}") ;; esac
                    skips=
                    continue
                fi
                case $word in
                \(valueOptions)) skips=$word ;;
                --*=*)
                    case ${word%%=*} in \(commonValueOptions)) given+=("${(Q)word}") ;; esac ;;
                -*) ;;
                *) typed="${typed:+$typed }$word" ;;
                esac
            done
            # The longest beginning of the words that is a command; the others are its arguments.
            known=$typed
            while [[ -n $known ]]; do
                case $known in
                \(commandNames)) break ;;
                *' '*) known=${known% *} ;;
                *) known= ;;
                esac
            done
            rest=(${=typed#$known})
            case "$known $previous" in
            \(cases(optionValues))esac
            case $previous in
            \(valueOptions)) return ;;
            esac
            if [[ ${words[CURRENT]} == -* ]]; then
                case $known in
            \(options)    esac
                common=(\(entries(common)) \(entry("--help", "Print the help.")))
                _describe option options -- common
                return
            fi
            case "$known ${#rest}" in
            \(cases(argumentValues))esac
            case $typed in
            help) typed= ;;
            'help '*) typed=${typed#help } ;;
            esac
            case $typed in
            \(nexts)esac
            if (( ${#next} )); then
                _describe command next
            fi

            """
    }

    // MARK: What both are made of

    private var visible: [CommandSpec] { commands.filter { !$0.isHidden && !$0.name.isEmpty } }

    /// The commands as a pattern of a shell.
    private var commandNames: String { visible.map { Self.quoted($0.name) }.joined(separator: "|") }

    /// The options of each command, also of the program without one.
    private var optionsOfCommands: [(name: String, options: [OptionSpec])] {
        commands.filter { !$0.isHidden && !$0.options.isEmpty }.map { ($0.name, $0.options) }
    }

    /// The options that take a value, which is no word of a command.
    private var valueOptions: String { Self.pattern(of: common + commands.flatMap(\.options)) }

    /// Those of them that every command has.
    private var commonValueOptions: String { Self.pattern(of: common) }

    private static func pattern(of options: [OptionSpec]) -> String {
        let names = options.filter { $0.placeholder != nil || !$0.choices.isEmpty }.map { "--\($0.name)" }
        return names.isEmpty ? "--" : Set(names).sorted().joined(separator: "|")
    }

    /// What follows an option of a command, and after these of any command: the same option can have others elsewhere.
    private var optionValues: [(pattern: String, values: CompletionValues)] {
        func values(_ option: OptionSpec) -> CompletionValues? {
            option.choices.isEmpty
                ? self.values["--\(option.name)"] ?? option.placeholder.flatMap { self.values[$0] }
                : .words(option.choices)
        }
        let own = commands.filter { !$0.isHidden }.flatMap { command in
            command.options.compactMap { option in
                values(option).map { (Self.quoted("\(command.name) --\(option.name)"), $0) }
            }
        }
        return own + common.compactMap { option in values(option).map { ("*\(Self.quoted(" --\(option.name)"))", $0) } }
    }

    /// What can be the arguments of a command, by how many stand before.
    private var argumentValues: [(pattern: String, values: CompletionValues)] {
        visible.flatMap { command in
            command.positionals.enumerated().compactMap { index, name in
                let name = name.filter { $0 != "[" && $0 != "]" }
                return (values["\(command.name) \(name)"] ?? values[name]).map {
                    (Self.quoted("\(command.name) \(index)"), $0)
                }
            }
        }
    }

    /// Which words may follow the words so far, with what each means.
    private func described() -> [(words: String, next: [(name: String, help: String)])] {
        var all: [(words: String, next: [(name: String, help: String)])] = []
        func add(_ words: String, _ name: String, _ help: String) {
            guard let index = all.firstIndex(where: { $0.words == words }) else {
                all.append((words, [(name, help)]))
                return
            }
            if !all[index].next.contains(where: { $0.name == name }) { all[index].next.append((name, help)) }
        }
        for command in visible {
            let parts = command.name.split(separator: " ").map(String.init)
            for index in parts.indices {
                let isWhole = index == parts.count - 1
                add(
                    parts[..<index].joined(separator: " "), parts[index],
                    isWhole ? command.summary : "The commands of \(program) \(parts[0...index].joined(separator: " "))."
                )
            }
        }
        return all
    }

    private static func word(_ text: String) -> String { String(text.map { $0.isLetter || $0.isNumber ? $0 : "_" }) }

    /// A text between single quotes of a shell.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

extension String {
    fileprivate var replacingColons: String {
        split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:")
    }
}
