import Basics
import DesiredState
public import Diff
import Formats

extension Store {
    /// What ran by the clock when that could be told last; nil where nobody kept it yet.
    ///
    /// - Throws: `StoreFault`.
    public func timetable() async throws(StoreFault) -> Timetable? {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> Timetable? in
            try Self.state("timetable", in: db).map { Self.timetable($0) }
        }
    }

    /// Remembers what runs by the clock, with what people are told of it, both or neither.
    ///
    /// - Parameters:
    ///   - timetable: what runs from now on; written only when it differs.
    ///   - before: what ran.
    ///   - notices: what people should know of the difference.
    /// - Throws: `StoreFault`.
    public func rememberTimetable(
        _ timetable: Timetable, from before: Timetable?, notices: [Notice]
    ) async throws(StoreFault) {
        guard timetable != before ?? Timetable() else { return }
        let now = time.now
        try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Void in
            try Self.setState("timetable", Self.value(timetable), at: now, in: db)
            _ = try write(notices, in: db)
        }
    }

    private static func value(_ timetable: Timetable) -> Value {
        [
            "backups": .list(
                timetable.backups.map { backup in
                    [
                        "database": .text(backup.database), "protected": .bool(backup.isProtected),
                        "schedule": .string(backup.schedule), "slug": .string(backup.slug),
                        "source": value(backup.source), "tier": .string(backup.tier.rawValue),
                    ]
                }),
            "chores": .list(
                timetable.chores.map { chore in
                    [
                        "alerts": .bool(chore.alertsOnFailure), "cron": .string(chore.cron.description),
                        "id": .string(chore.id), "name": .text(chore.name), "runner": .string(chore.runner),
                        "source": value(chore.source),
                    ]
                }),
        ]
    }

    private static func timetable(_ stored: Value) -> Timetable {
        let chores: [Chore] = (stored["chores"]?.listValue ?? []).compactMap { one in
            guard let id = one["id"]?.stringValue, let runner = one["runner"]?.stringValue,
                let cron = one["cron"]?.stringValue.flatMap({ try? Cron(parsing: $0) })
            else { return nil }
            return Chore(
                running: id, one["name"]?.stringValue, cron, by: runner,
                alertsOnFailure: one["alerts"]?.boolValue ?? true, source: mark(one["source"]))
        }
        let backups: [Timetable.Backup] = (stored["backups"]?.listValue ?? []).compactMap { one in
            guard let slug = one["slug"]?.stringValue, let schedule = one["schedule"]?.stringValue else { return nil }
            // A word of a newer version is taken for the most careful.
            let tier = one["tier"]?.stringValue.flatMap { Tier(rawValue: $0) } ?? .production
            return Timetable.Backup(
                of: slug, schedule, tier, isProtected: one["protected"]?.boolValue ?? true,
                database: one["database"]?.stringValue, source: mark(one["source"]))
        }
        return Timetable(chores: chores, backups: backups)
    }

    private static func value(_ mark: SourceMark) -> Value {
        ["column": .int(Int64(mark.column)), "file": .string(mark.file), "line": .int(Int64(mark.line))]
    }

    private static func mark(_ stored: Value?) -> SourceMark {
        SourceMark(
            file: stored?["file"]?.stringValue ?? "", line: Int(clamping: stored?["line"]?.intValue ?? 0),
            column: Int(clamping: stored?["column"]?.intValue ?? 0))
    }
}
