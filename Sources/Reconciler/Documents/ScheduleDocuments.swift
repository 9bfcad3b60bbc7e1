public import Basics
import DesiredState
public import Formats
public import Store

extension ScheduledJob {
    /// How it stands: `active`, `blocked`, `disabled` or `by_hand`.
    public func standing(_ state: ScheduleState?) -> String {
        switch way {
        case .blocked, .unread: "blocked"
        case .byHand: "by_hand"
        case .runner: state?.disabledAt == nil ? "active" : "disabled"
        }
    }

    /// Why it doesn't run by itself; nil where it does, or where a person does it.
    public func obstacle(_ state: ScheduleState?) -> String? {
        if let reason = state?.disabledReason { return reason }
        return switch way {
        case .blocked(let reason), .unread(let reason): reason
        case .runner, .byHand: nil
        }
    }

    /// When it runs next by itself; nil where it doesn't before a person enables it again.
    public func comes(after now: Timestamp, _ state: ScheduleState?) -> Timestamp? {
        state?.disabledAt == nil ? next(after: now) : nil
    }

    /// As `reconcile schedules list --json` and the API show it.
    public func document(_ state: ScheduleState?, at now: Timestamp) -> Value {
        var object = Value.Object()
        object["id"] = .string(id)
        object["name"] = .string(name)
        object["environment"] = .text(environment?.slug)
        object["cron"] = .string(cron.description)
        object["time_zone"] = .string(terms.timeZone)
        object["runner"] = .string(runner)
        object["state"] = .string(standing(state))
        if let reason = obstacle(state) { object["reason"] = .string(reason) }
        object["lane"] = .string(lane)
        object["last_state"] = .text(state?.lastState?.rawValue)
        object["last_slot"] = .text(state?.lastSlot?.description)
        let next = comes(after: now, state)
        object["next_slot"] = .text(next?.description)
        object["next_slot_local"] = .text(next.map { zone.text($0) })
        object["source"] = .string(source.description)
        return .object(object)
    }
}
