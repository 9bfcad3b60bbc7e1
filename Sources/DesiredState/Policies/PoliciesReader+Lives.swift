import Basics
import Formats

/// How things end: times to live, prune, approvals.
extension PoliciesReader {
    mutating func readTTL(_ fields: Fields) {
        guard let section = fields.fields("ttl_policies") else { return }
        for ttlClass in TTLClass.allCases {
            guard let entry = section.entry(ttlClass.rawValue) else { continue }
            if entry.value.entries != nil {
                readRule(entry, ttlClass)
            } else if let text = section.text(
                entry.value, "`\(ttlClass.rawValue)` of \(section.subject)", orNumber: true, key: ttlClass.rawValue)
            {
                readTime(text, ttlClass)
            }
        }
        section.finish()
        for ttlClass in TTLClass.allCases where reading.brokenClasses[ttlClass] == nil {
            reading.brokenClasses[ttlClass] = section.broken[ttlClass.rawValue]
        }
    }

    private mutating func readTime(_ text: Text, _ ttlClass: TTLClass) {
        do {
            let ttl = try TimeToLive(parsing: text.value)
            reading.policy.ttl[ttlClass] = ttlClass.hasLife ? ttl : .never
            reading.ttlMarks[ttlClass] = text.mark
            if !ttlClass.hasLife, ttl != .never {
                report.warning(
                    .endlessTier,
                    "\(ttlClass.rawValue) has the time to live \(quoted(text.value)), but never expires",
                    at: text.mark, hint: "Write `never`.")
            } else if case .after(let duration) = ttl, duration < .hours(1) {
                report.warning(
                    .shortLife,
                    "what \(ttlClass.rawValue) is for lives \(duration.shortText) from its start, and then goes",
                    at: text.mark, hint: "`s` are seconds and `m` minutes: a month is `30d`.")
            }
        } catch {
            reading.brokenClasses[ttlClass] = report.error(
                .invalidDuration,
                "the time to live of \(ttlClass.rawValue) is \(quoted(text.value)): \(Self.why(error))", at: text.mark,
                hint: "Write `never`, or a whole number with s, m, h, d or w: `7d`. Until then nothing of it expires.")
        }
    }

    /// The long form: a time to live with its start, warning, grace and limits.
    private mutating func readRule(_ entry: Node.Entry, _ ttlClass: TTLClass) {
        let fields = Fields(entry.value, "the time to live of \(ttlClass.rawValue)", in: file, report)
        if let text = fields.text("ttl", required: true, orNumber: true) { readTime(text, ttlClass) }
        var rule = LifeRule(ttl: .never)
        if let word = fields.word("from", of: LifeRule.Start.allCases.map(\.rawValue)) {
            rule.start = LifeRule.Start(rawValue: word.value) ?? .created
        }
        if let warnBefore = duration("warn_before", fields, most: .days(366)) { rule.warnBefore = warnBefore }
        if let grace = duration("grace", fields, most: .days(366), orNone: true) { rule.grace = grace }
        if let extensions = fields.fields("extension_days") {
            rule.longestExtension = extensions.integer("longest", in: 1...365).map { Int($0.value) }
            rule.mostExtension = extensions.integer("most", in: 0...36_500).map { Int($0.value) }
            extensions.finish()
            fields.absorb(extensions)
        }
        fields.allow("description", "notes")
        fields.finish()
        if let cause = fields.fault { reading.brokenClasses[ttlClass] = reading.brokenClasses[ttlClass] ?? cause }
        reading.policy.lives[ttlClass] = rule
    }

    /// When the environments of a tier are backed up that say nothing of it themselves.
    mutating func readBackups(_ fields: Fields) {
        for (tier, section) in tiers(fields, "backups") {
            var text: String?
            if case .string(let written)? = section.value.scalar?.value { text = written }
            let mark = section.value.mark(in: file)
            guard let text, let schedule = BackupSchedule(parsing: text) else {
                reading.brokenTiers[tier] = report.error(
                    .invalidSchedule,
                    "the schedule of backups of \(section.key) is "
                        + (text.map { "\(quoted($0)): \(BackupSchedule.fault(in: $0))" } ?? section.value.shapeName),
                    at: mark, hint: BackupSchedule.hint)
                continue
            }
            reading.policy.backups[tier] = BackupRule(schedule, text: text, source: mark)
        }
    }

    mutating func readPrune(_ fields: Fields) {
        guard let section = fields.fields("prune") else { return }
        var rule = PruneRule.standard
        if let grace = duration("grace", section, most: .days(366), orNone: true) { rule.grace = grace }
        if let grace = duration("guarded_grace", section, most: .days(366), orNone: true) { rule.guardedGrace = grace }
        section.allow("description", "notes")
        section.finish()
        rule.unreadable = section.fault.map { UnreadableRule($0) }
        reading.policy.prune = rule
    }

    mutating func readApprovals(_ fields: Fields) {
        guard let section = fields.fields("approvals") else { return }
        var rule = ApprovalRule()
        if let longest = duration("longest", section, most: .days(30)) { rule.longest = longest }
        if let validFor = duration("valid_for", section, most: .days(30)) { rule.validFor = validFor }
        section.allow("description", "notes")
        section.finish()
        rule.validFor = min(rule.validFor, rule.longest)
        reading.policy.approvals = section.fault == nil ? rule : .unreadable
    }

    /// A time with one unit; `none` where that may be.
    func duration(_ key: String, _ fields: Fields, required: Bool = false, most: Duration, orNone: Bool = false)
        -> Duration?
    {
        guard let text = fields.text(key, required: required, orNumber: true) else { return nil }
        if orNone, text.value == "none" { return .zero }
        let why: String
        do {
            if case .after(let duration) = try TimeToLive(parsing: text.value) {
                if duration <= most { return duration }
                why = "it is more than \(most.shortText)"
            } else {
                why = "it has to end"
            }
        } catch {
            why = Self.why(error)
        }
        fields.fail(
            .invalidDuration, "`\(key)` of \(fields.subject) is \(quoted(text.value)): \(why)", at: text.mark,
            hint: "Write a whole number with s, m, h, d or w: `24h`\(orNone ? ", or `none`" : "").", key: key)
        return nil
    }

    private static func why(_ fault: DurationFault) -> String {
        switch fault {
        case .empty, .form: "it is no whole number with one unit"
        case .notPositive: "it is not longer than nothing"
        case .tooLong: "it is more than a hundred years"
        }
    }
}
