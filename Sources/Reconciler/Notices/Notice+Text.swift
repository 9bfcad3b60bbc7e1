import Basics
import Diff
import Formats
public import Store

extension Notice.Kind {
    /// What has happened, without saying to what.
    var words: String {
        switch self {
        case .environmentExpiring: "environment expires"
        case .environmentEnded: "environment has ended"
        case .environmentExtended: "environment extended"
        case .environmentPinned: "environment pinned"
        case .environmentUnpinned: "environment unpinned"
        case .environmentSuspended: "environment suspended"
        case .environmentResumed: "environment resumed"
        case .pinEnded: "pin has ended"
        case .suspensionEnded: "suspension has ended"
        case .deletionStuck: "deletion is stuck"
        case .deletionDone: "deleted at last"
        case .deletionWithdrawn: "not to be deleted any more"
        case .pruneMarked: "marked for deletion"
        case .pruneUnmarked: "wanted again"
        case .approvalWaiting: "approval needed"
        case .approvalLapsed: "approval has lapsed"
        case .findingOpened: "not as it has to be"
        case .findingEscalated: "not as it has to be for too long"
        case .findingResolved: "as it has to be again"
        case .serviceFailing: "passes fail"
        case .serviceRecovered: "passes succeed again"
        case .scheduleBlocked: "schedule can't run"
        case .scheduleDue: "due by hand"
        case .scheduleFailed: "scheduled run failed"
        case .scheduleRecovered: "scheduled run succeeded again"
        case .scheduleDisabled: "schedule disabled"
        case .scheduleEnded: "backups end"
        case .test: "a test"
        }
    }
}

extension Notice {
    /// One sentence for people, with the next command where there is one.
    public var summary: String {
        func text(_ name: String) -> String? {
            guard let value = payload[name] ?? payload["detail"]?[name], value != .null else { return nil }
            return value.stringValue ?? JSON.write(value)
        }
        func count(_ name: String) -> Int64? { (payload[name] ?? payload["detail"]?[name])?.intValue }
        func instant(_ name: String) -> String? {
            text(name).flatMap { Timestamp($0) }.map { "\($0.minuteText) UTC" } ?? text(name)
        }
        func because(_ name: String) -> String { text(name).map { ": \($0)" } ?? "" }
        func until(_ name: String) -> String { instant(name).map { " until \($0)" } ?? "" }
        func by(_ name: String) -> String { text(name).map { " by \($0)" } ?? "" }
        // What becomes of one that nothing wants once nobody keeps it any more.
        let leaving = payload["is_gone"]?.boolValue == true ? "is gone" : "goes: reconcile sweep --dry-run"
        switch kind {
        case .environmentExpiring:
            let (ends, keep) = (instant("expires_at"), text("keep") ?? Keeping.usual.command(subject))
            // What owns its things a while longer than its end, because of a grace or because nobody was told before.
            let goes = text("goes_at") == text("expires_at") ? nil : instant("goes_at")
            if let ends, let end = text("expires_at").flatMap({ Timestamp($0) }), end <= at {
                return "the time of environment \(subject) was over at \(ends), and it goes"
                    + "\(goes.map { " at \($0)" } ?? ""): \(keep)"
            }
            return "environment \(subject) expires\(ends.map { " at \($0)" } ?? "")"
                + "\(goes.map { ", and goes at \($0)" } ?? ""): \(keep)"
        case .environmentEnded:
            return "the end of environment \(subject) has come\(because("because")): reconcile sweep --dry-run"
        case .environmentExtended: return "environment \(subject) was extended\(by("actor"))"
        case .environmentPinned:
            return "environment \(subject) was pinned\(by("actor"))\(until("until"))\(because("reason"))"
        case .environmentUnpinned: return "environment \(subject) may expire again\(by("actor"))"
        case .environmentSuspended:
            return "environment \(subject) is left alone\(by("actor"))\(until("until"))\(because("reason"))"
        case .environmentResumed: return "environment \(subject) is reconciled again\(by("actor"))"
        case .pinEnded:
            return "the pin of environment \(subject) has ended: "
                + (text("unwanted_since") == nil
                    ? "its time to live counts again" : "nothing wants it any more, so it \(leaving)")
        case .suspensionEnded:
            return "environment \(subject) is reconciled again: its suspension has ended"
                + (text("unwanted_since") == nil
                    ? "" : ", and nothing wants it any more, so it \(leaving)")
        case .deletionStuck:
            let attempts = count("attempts").map { ", \($0.of("attempt"))" } ?? ""
            let fault = payload["fault"]?["message"]?.stringValue.map { ": \($0)" } ?? ""
            return "\(subject) should be gone\(instant("since").map { " since \($0)" } ?? "")\(attempts)\(fault): "
                + "reconcile explain \(subject)"
        case .deletionDone:
            let attempts = count("attempts").map { ", after \($0.of("failed attempt"))" } ?? ""
            return "\(subject) is gone\(attempts)\(instant("since").map { " since \($0)" } ?? "")"
        case .deletionWithdrawn:
            let attempts =
                count("attempts").map { ", after \($0.of("failed attempt")) to delete it" } ?? ""
            return "\(subject) is wanted again and stays\(attempts)"
        case .pruneMarked:
            let goesAt = instant("goes_at")
            // Its time alone doesn't let it go: then a person is asked, by a notice of its own.
            let goes =
                payload["needs_approval"]?.boolValue == true
                ? "it stays\(goesAt.map { " until \($0)" } ?? ""), and goes after that only with an approval"
                : "it goes\(goesAt.map { " at \($0)" } ?? "")"
            let sooner = instant("environment_goes_at").map { ", or with its environment at \($0)" } ?? ""
            return "nothing wants \(subject) any more\(because("reason")); \(goes)\(sooner): "
                + "reconcile explain \(subject)"
        case .pruneUnmarked: return "\(subject) is wanted again and stays"
        case .approvalWaiting:
            return "\(text("action") ?? "a change") of \(subject) waits for a person\(because("reason")): "
                + "reconcile approve \(text("run") ?? "RUN") --key \(subject)"
        case .approvalLapsed:
            return "the approval of \(subject)\(by("by")) ended before it could be done: "
                + "reconcile approve \(runID ?? "latest") --key \(subject)"
        case .findingOpened, .findingEscalated:
            let since = instant("since").map { " since \($0)" } ?? ""
            return "\(subject) (\(text("kind") ?? "finding")) is not as it has to be\(since)\(because("why")): "
                + (text("action") ?? "reconcile findings")
        case .findingResolved: return "\(subject) (\(text("kind") ?? "finding")) is as it has to be again"
        case .serviceFailing:
            return "\(text("count") ?? "several") passes in a row failed\(because("fault")): reconcile doctor"
        case .serviceRecovered: return "passes succeed again since \(at.minuteText) UTC"
        case .scheduleBlocked: return "\(subject) can't run\(because("reason")): reconcile schedules show \(subject)"
        case .scheduleDue:
            return "\(text("name") ?? subject) is due\(instant("slot").map { " since \($0)" } ?? ""), by hand"
        case .scheduleFailed:
            return "\(subject) failed\(instant("slot").map { ", due at \($0)" } ?? "")\(because("fault")): "
                + "reconcile schedules show \(subject)"
        case .scheduleRecovered: return "\(subject) succeeded again"
        case .scheduleEnded: return "\(subject) has ended\(because("reason"))"
        case .scheduleDisabled:
            return "\(subject) doesn't run any more: \(text("timeouts") ?? "several") runs in a row ran out of time: "
                + "reconcile schedules enable \(subject)"
        case .test: return "\(text("actor") ?? "somebody") tries whether messages arrive here"
        }
    }
}
