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
        var cases = ""
        for (words, options) in completions() {
            cases += "        \(Self.quoted(words))) options=\(Self.quoted(options.joined(separator: " "))) ;;\n"
        }
        return """
            # Completion of \(program) for bash.
            \(function)() {
                local current previous words options next index
                COMPREPLY=()
                current=${COMP_WORDS[COMP_CWORD]}
                previous=${COMP_WORDS[COMP_CWORD-1]}
                # bash takes --name=value for three words.
                if [ "$current" = = ]; then
                    current=
                elif [ "$previous" = = ]; then
                    previous=${COMP_WORDS[COMP_CWORD-2]}
                fi
                case $previous in
            \(choices().map { "    \($0.option)) COMPREPLY=($(compgen -W '\($0.choices)' -- \"$current\")); return ;;" }
                .joined(separator: "\n"))
                \(fileOptions())) COMPREPLY=($(compgen -f -- "$current")); return ;;
                esac
                words=
                for ((index = 1; index < COMP_CWORD; index++)); do
                    case ${COMP_WORDS[index]} in
                    \(valueOptions())) index=$((index + 1)); if [ "${COMP_WORDS[index]}" = = ]; then index=$((index + 1)); fi ;;
                    -*) ;;
                    *) words="${words:+$words }${COMP_WORDS[index]}" ;;
                    esac
                done
                next=
                case $words in
            \(followers().map { "    \(Self.quoted($0.words))) next=\(Self.quoted($0.next)) ;;" }.joined(separator: "\n"))
                esac
                options=
                while [ -n "$words" ] && [ -z "$options" ]; do
                    case $words in
            \(cases)        *) case $words in *' '*) words=${words% *} ;; *) words= ;; esac ;;
                    esac
                done
                case $current in
                -*) COMPREPLY=($(compgen -W "$options \(common.map { "--\($0.name)" }.joined(separator: " ")) --help" -- "$current")) ;;
                *) COMPREPLY=($(compgen -W "$next" -- "$current")) ;;
                esac
            }
            complete -F \(function) \(program)

            """
    }

    /// Completes the words of a command line for zsh, with what each means.
    public var zshCompletion: String {
        func entry(_ name: String, _ help: String) -> String {
            Self.quoted("\(name.replacingColons):\(help)")
        }
        var nexts = ""
        for (words, names) in described() {
            nexts +=
                "    \(Self.quoted(words))) next=(\(names.map { entry($0.name, $0.help) }.joined(separator: " "))) ;;\n"
        }
        var options = ""
        for command in visible where !command.options.isEmpty {
            let texts = command.options.map { entry("--\($0.name)", $0.help) }
            options += "    \(Self.quoted(command.name))) options=(\(texts.joined(separator: " "))) ;;\n"
        }
        let shared = common.map { entry("--\($0.name)", $0.help) } + [entry("--help", "Print the help.")]
        return """
            #compdef \(program)
            # Completion of \(program) for zsh.
            local -a next options common
            local typed word skips
            case ${words[CURRENT-1]} in
            \(choices().map { "\($0.option)) compadd -- \($0.choices); return ;;" }.joined(separator: "\n"))
            \(fileOptions())) _files; return ;;
            esac
            common=(\(shared.joined(separator: " ")))
            typed=
            for word in ${words[2,CURRENT-1]}; do
                if [[ -n $skips ]]; then
                    skips=
                    continue
                fi
                case $word in
                \(valueOptions())) skips=1 ;;
                -*) ;;
                *) typed="${typed:+$typed }$word" ;;
                esac
            done
            case $typed in
            \(nexts)esac
            while [[ -n $typed && ${#options} -eq 0 ]]; do
                case $typed in
            \(options)    esac
                case $typed in
                *' '*) typed=${typed% *} ;;
                *) typed= ;;
                esac
            done
            if [[ ${words[CURRENT]} == -* ]]; then
                _describe option options -- common
            elif (( ${#next} )); then
                _describe command next
            else
                _files
            fi

            """
    }

    // MARK: What both are made of

    private var visible: [CommandSpec] { commands.filter { !$0.isHidden && !$0.name.isEmpty } }

    /// The options of each command.
    private func completions() -> [(words: String, options: [String])] {
        visible.filter { !$0.options.isEmpty }.map { ($0.name, $0.options.map { "--\($0.name)" }) }
    }

    /// The options whose value is one of a few, under any command.
    private func choices() -> [(option: String, choices: String)] {
        var all: [String: Set<String>] = [:]
        for option in common + commands.flatMap(\.options) where !option.choices.isEmpty {
            all["--\(option.name)", default: []].formUnion(option.choices)
        }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value.sorted().joined(separator: " ")) }
    }

    /// The options whose value is a file.
    private func fileOptions() -> String { options { $0.placeholder == "FILE" } }

    /// The options that take a value, which is no word of a command.
    private func valueOptions() -> String { options { $0.placeholder != nil } }

    private func options(where isMeant: (OptionSpec) -> Bool) -> String {
        let names = (common + commands.flatMap(\.options)).filter(isMeant).map { "--\($0.name)" }
        return names.isEmpty ? "--" : Set(names).sorted().joined(separator: "|")
    }

    /// Which words may follow the words so far.
    private func followers() -> [(words: String, next: String)] {
        described().map { ($0.words, $0.next.map(\.name).joined(separator: " ")) }
    }

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
