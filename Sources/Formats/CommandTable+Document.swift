public import Basics

extension CommandTable {
    /// The help of a command for programs: `help --json`.
    public func document(of command: CommandSpec) -> Value {
        var object = Value.Object()
        object["command"] = .string(command.name)
        object["summary"] = .string(command.summary)
        object["usage"] = .string(usage(command))
        object["options"] = .list(command.options.map(Self.value))
        object["common_options"] = .list(common.map(Self.value))
        object["commands"] = .list(
            commands(in: command).map { ["command": .string($0.name), "summary": .string($0.summary)] })
        return .object(object)
    }

    private static func value(_ option: OptionSpec) -> Value {
        var object = Value.Object()
        object["name"] = .string("--\(option.name)")
        object["value"] = option.placeholder.map { .string($0) } ?? .null
        object["help"] = .string(option.help)
        object["choices"] = .strings(option.choices)
        object["repeats"] = .bool(option.repeats)
        return .object(object)
    }
}
