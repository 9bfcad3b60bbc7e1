public import Basics

/// When something is backed up.
public enum BackupSchedule: Sendable, Hashable {
    case never
    /// The five fields of a crontab.
    case cron(String)

    /// Reads `never`, five fields of a crontab, or a time that fits evenly into an hour, a day or a week: `6h`, `24h`.
    ///
    /// A time counts from midnight (a week from Sunday), so that everybody can tell when the next one is due.
    ///
    /// - Returns: nil for anything else.
    public init?(parsing text: String) {
        if Cron.fault(in: text) == nil {
            self = .cron(text)
            return
        }
        guard let time = try? TimeToLive(parsing: text) else { return nil }
        switch time {
        case .never: self = .never
        case .after(let duration):
            guard let cron = Self.cron(every: duration.components.seconds) else { return nil }
            self = .cron(cron)
        }
    }

    /// The expression; nil where nothing is ever due.
    public var cron: String? {
        switch self {
        case .never: nil
        case .cron(let text): text
        }
    }

    /// What to write in place of what can't be read.
    static let hint =
        "Write minute, hour, day, month and weekday (`0 */6 * * *`), a time that fits evenly into a day (`6h`, `24h`), or "
        + "`never`."

    /// Why a text is none, for a message.
    static func fault(in text: String) -> String {
        if (try? TimeToLive(parsing: text)) != nil { return "it doesn't fit evenly into an hour, a day or a week" }
        let isOneWord = !text.contains(" ")
        return isOneWord ? "it is neither a time nor five fields" : Cron.fault(in: text)?.reason ?? ""
    }

    private static func cron(every seconds: Int64) -> String? {
        let minutes = seconds / 60
        guard seconds > 0, seconds % 60 == 0 else { return nil }
        if minutes < 60 { return 60 % minutes == 0 ? "*/\(minutes) * * * *" : nil }
        let hours = minutes / 60
        guard minutes % 60 == 0 else { return nil }
        switch hours {
        case 1: return "0 * * * *"
        case 2..<24: return 24 % hours == 0 ? "0 */\(hours) * * *" : nil
        case 24: return "0 0 * * *"
        case 168: return "0 0 * * 0"
        default: return nil
        }
    }
}

/// `backups` of `.odooops/policies.yaml` for one tier.
public struct BackupRule: Sendable, Hashable {
    public let schedule: BackupSchedule
    /// As it is written: `6h`.
    public let text: String
    public let source: SourceMark

    public init(_ schedule: BackupSchedule, text: String, source: SourceMark) {
        self.schedule = schedule
        self.text = text
        self.source = source
    }
}
