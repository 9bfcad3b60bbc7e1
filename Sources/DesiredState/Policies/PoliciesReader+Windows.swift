import Basics
import Formats

/// When changes may be made: `sync_windows` and `freeze`.
///
/// An entry that can't be read closes what it names, and everything where even that can't be read: a typing error must
/// not lift what it was to forbid.
extension PoliciesReader {
    mutating func readWindows(_ fields: Fields) {
        for node in fields.nodes("sync_windows") ?? [] {
            let entry = Fields(node, "a sync window", in: file, report)
            let scope = scope(entry)
            let kind = entry.word("kind", of: SyncWindow.Kind.allCases.map(\.rawValue), required: true)
            let schedule = schedule(entry)
            let duration = duration("duration", entry, required: true, most: .days(31))
            let zone = zone(entry)
            let allowsManual = entry.flag("manual_sync")?.value ?? false
            let reason = entry.text("reason")?.value
            entry.allow("description", "notes")
            entry.finish()
            if let duration, duration < .minutes(1) {
                entry.fail(
                    .outOfRange, "`duration` of a sync window is less than a minute", at: entry.mark(of: "duration"),
                    hint: "Write at least `1m`.")
            }
            guard entry.fault == nil, let scope, let kind = kind.flatMap({ SyncWindow.Kind(rawValue: $0.value) }),
                let schedule, let duration, let zone
            else {
                reading.policy.unreadableWindows.append(
                    UnreadableWindow(
                        scope: scope ?? PolicyScope(), reason: entry.fault?.reason ?? "a sync window can't be read",
                        source: entry.fault?.mark ?? entry.mark))
                continue
            }
            reading.policy.syncWindows.append(
                SyncWindow(
                    kind: kind, schedule: schedule, duration: duration, timeZone: zone, scope: scope,
                    allowsManual: allowsManual, reason: reason, source: entry.mark,
                    timeZoneSource: entry.mark(of: "time_zone")))
        }
    }

    /// Nil where what it speaks of can't be told.
    private func scope(_ entry: Fields) -> PolicyScope? {
        var tiers: [Tier] = []
        var patterns: [GlobPattern] = []
        var isWhole = true
        for key in ["tiers", "environments"] {
            guard entry.entry(key) != nil || entry.keys.contains(key) else { continue }
            guard let texts = entry.texts(key), !texts.isEmpty else {
                if entry.fault == nil {
                    entry.fail(
                        .wrongType, "`\(key)` of a sync window is empty", at: entry.mark(of: key) ?? entry.mark,
                        hint: "Name at least one, or leave the key out: then the window is for everything.", key: key)
                }
                isWhole = false
                continue
            }
            for text in texts {
                if key == "tiers" {
                    guard let tier = tier(text, entry) else {
                        isWhole = false
                        continue
                    }
                    tiers.append(tier)
                } else if let pattern = try? GlobPattern(text.value) {
                    patterns.append(pattern)
                } else {
                    entry.fail(
                        .invalidPattern, "the pattern \(quoted(text.value)) is no glob", at: text.mark,
                        hint: "Write the name of an environment, or a glob over such names: `feature-*`.")
                    isWhole = false
                }
            }
        }
        return isWhole ? PolicyScope(tiers: tiers, environments: patterns) : nil
    }

    private func schedule(_ entry: Fields) -> Cron? {
        guard let text = entry.text("schedule", required: true) else { return nil }
        do {
            return try Cron(parsing: text.value)
        } catch {
            entry.fail(
                .invalidSchedule, "`schedule` of a sync window is \(quoted(text.value)): \(error.reason)",
                at: text.mark,
                hint: "Write minute, hour, day, month and weekday: `0 22 * * 1-5`.", key: "schedule")
            return nil
        }
    }

    private func zone(_ entry: Fields) -> String? {
        guard let text = entry.text("time_zone", orNumber: true) else {
            return entry.keys.contains("time_zone") ? nil : "UTC"
        }
        if TimeZones.isName(text.value) { return text.value }
        entry.fail(
            .unknownTimeZone, "the time zone \(quoted(text.value)) is no name of one", at: text.mark,
            hint: "Write a name of the IANA database: `Europe/Berlin`.", key: "time_zone")
        return nil
    }

    mutating func readFreezes(_ fields: Fields) {
        guard let section = fields.fields("freeze") else { return }
        for entry in section.allEntries() {
            let tier = Tier(alias: entry.key)
            let scope = PolicyScope(tiers: [tier].compactMap { $0 })
            let freeze = Fields(entry.value, "the freeze of \(entry.key)", in: file, report)
            if entry.isAmbiguous {
                freeze.fail(
                    Cause(
                        code: "FMT-0003", reason: "`freeze` has \(entry.key) more than once",
                        mark: entry.keyMark(in: file)))
            }
            if tier == nil, entry.key != "all" {
                let cause = report.error(
                    .unknownTier, "`freeze` has the unknown tier \(quoted(entry.key))", at: entry.keyMark(in: file),
                    hint: didYouMean(
                        entry.key, among: Tier.words + ["all"],
                        else: "Write all, production, staging, dev or preview."))
                freeze.fail(cause)
                report.noteUnknown(entry, cause)
            }
            let until = instant("until", freeze, required: true, isEnd: true)
            let from = instant("from", freeze, required: false, isEnd: false)
            let reason = freeze.text("reason", required: true)
            freeze.allow("description", "notes")
            freeze.finish()
            if let from, let until, until <= from {
                freeze.fail(
                    .outOfRange, "the freeze of \(entry.key) ends before it begins", at: freeze.mark(of: "until"),
                    hint: "Write an end that is after `from`.")
            }
            guard freeze.fault == nil, let until, let reason else {
                reading.policy.unreadableWindows.append(
                    UnreadableWindow(
                        scope: scope, reason: freeze.fault?.reason ?? "a freeze can't be read",
                        source: freeze.fault?.mark ?? entry.keyMark(in: file)))
                continue
            }
            reading.policy.freezes.append(
                Freeze(
                    from: from, until: until, reason: reason.value, scope: scope, source: entry.keyMark(in: file)))
        }
    }

    /// An instant, or a day in UTC: as an end the whole of that day counts.
    private func instant(_ key: String, _ fields: Fields, required: Bool, isEnd: Bool) -> Timestamp? {
        guard let text = fields.text(key, required: required) else { return nil }
        if let instant = Timestamp(text.value) { return instant }
        if let day = Timestamp(date: text.value) { return isEnd ? day + .days(1) : day }
        fields.fail(
            .invalidDay, "`\(key)` of \(fields.subject) is \(quoted(text.value))", at: text.mark,
            hint: "Write a day, `2026-12-24`, or an instant with its zone: `2026-12-24T18:00:00+01:00`.", key: key)
        return nil
    }
}
