import Basics
import Formats

extension ConfigurationReader {
    /// Who runs what is due by the clock.
    func schedules() throws(ConfigurationFault) -> ScheduleSettings {
        var settings = ScheduleSettings()
        if let fields = try fields("schedules.runners") {
            for entry in fields.entries { settings.runners[entry.key] = try runner(try fields.fields(of: entry)) }
        }
        if let fields = try fields("schedules.defaults") {
            try fields.allow(Self.termKeys)
            try read(fields, into: &settings.all)
        }
        if let fields = try fields("schedules.jobs") {
            for entry in fields.entries {
                let job = try fields.fields(of: entry)
                try job.allow(Self.termKeys + ["workflow", "runner"])
                var terms = settings.all
                try read(job, into: &terms)
                terms.workflow = try job.text("workflow")
                terms.runner = try job.text("runner")
                if let runner = terms.runner, runner != "manual", settings.runners[runner] == nil {
                    throw job.fault(
                        "CONF-0015", "\(job.path) names the runner \(runner), which is none", at: "runner",
                        hint: Suggestion.nearest(to: runner, in: settings.runners.keys).map { "Did you mean \($0)?" }
                            ?? "Add it below schedules.runners.")
                }
                settings.jobs[entry.key] = terms
            }
        }
        return settings
    }

    private static let termKeys = ["time_zone", "missed", "deadline", "time_limit", "retries", "disable_after"]

    private func fields(_ key: String) throws(ConfigurationFault) -> ConfigurationFields? {
        guard let (node, _) = values[key], node.scalar?.value.isNull != true else { return nil }
        return try ConfigurationFields(node, key, file)
    }

    private func runner(_ fields: ConfigurationFields) throws(ConfigurationFault) -> ScheduleSettings.Runner {
        switch try fields.word("type", ["workflow", "command", "pass"]) {
        case "workflow":
            try fields.allow(["type", "repository", "workflow", "ref"])
            let repository = try fields.required("repository")
            guard repository.split(separator: "/", omittingEmptySubsequences: false).count == 2 else {
                throw fields.fault(
                    "CONF-0014", "\(repository) is no name of a GitHub repository", at: "repository",
                    hint: "Write owner/name.")
            }
            return .workflow(
                repository: repository, file: try fields.text("workflow"), ref: try fields.text("ref") ?? "main")
        case "command":
            try fields.allow(["type", "command", "variables"])
            let command = try fields.texts("command")
            guard let program = command.first, program.hasPrefix("/") else {
                throw fields.fault(
                    "CONF-0015", "\(fields.path).command has to begin with the path of a program", at: "command",
                    hint: "Write command: [/usr/local/bin/backup, --quiet].")
            }
            return .command(command, variables: try fields.texts("variables"))
        default:
            try fields.allow(["type"])
            return .pass
        }
    }

    private func read(
        _ fields: ConfigurationFields, into terms: inout ScheduleSettings.Terms
    ) throws(ConfigurationFault) {
        if let zone = try fields.text("time_zone") {
            guard TimeZones.isName(zone) else {
                throw fields.fault(
                    "CONF-0015", "\(zone) is no name of a time zone", at: "time_zone",
                    hint: "Write a name of the IANA database: Europe/Berlin.")
            }
            terms.timeZone = zone
        }
        let words = ScheduleSettings.Missed.allCases.map(\.rawValue)
        if let word = try fields.optionalWord("missed", words), let missed = ScheduleSettings.Missed(rawValue: word) {
            terms.missed = missed
        }
        let (second, minute) = (Duration.seconds(1), Duration.minutes(1))
        if let deadline = try fields.duration("deadline", minute...Duration.days(7)) { terms.deadline = deadline }
        if let limit = try fields.duration("time_limit", second...Duration.days(1)) { terms.timeLimit = limit }
        if let retries = try fields.number("retries", 0...10) { terms.retries = retries }
        if let count = try fields.number("disable_after", 1...100) { terms.disableAfter = count }
    }
}
