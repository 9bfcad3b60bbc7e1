import Basics
import DesiredState
import Formats
import Simulator
import Store
import StoreSQLite
import TestKit

/// What came of everything beside the passes: deliveries, work items, runs by the clock, messages, pull requests.
struct SideRecord: Sendable {
    /// `github:acme/odoo#1 closed title` of each work item.
    var workItems: [String] = []
    /// What each time of each schedule came to.
    var slots: [String] = []
    /// `kind subject` of each notice; sorted, with doubles.
    var notices: [String] = []
    /// How many messages there are of each channel.
    var messages: [String: Int] = [:]
    /// `acme/odoo#7 closed`.
    var pullRequests: [String] = []
    /// The last state that each commit was given.
    var checks: [String] = []
    /// Those that may say so because their pull request was over before it came to its last commit.
    private var ended: Set<String> = []
    /// What must never be, whatever the undisturbed life did.
    var violations: [String] = []

    init(_ world: Installation) async throws {
        let settings = world.settings.withLock { $0 }
        if settings.sideWork.contains(.deliveries) { try await lookAtDeliveries(world) }
        if settings.sideWork.contains(.schedules) { try await lookAtSlots(world) }
        if settings.sideWork.contains(.notices) { try await lookAtNotices(world) }
        if settings.providers.contains("github") { try await lookAtPullRequests(world) }
    }

    private mutating func lookAtDeliveries(_ world: Installation) async throws {
        let rows = try await world.store.deliveries(limit: 100)
        for id in world.mailbox.accepted.sorted() {
            let own = rows.filter { $0.deliveryID == id }
            if own.count != 1 { violations.append("the delivery \(id) is there \(own.count) times") }
        }
        for row in rows where row.state != .processed {
            violations.append("the delivery \(row.deliveryID) is \(row.state): \(row.reason ?? "")")
        }
        workItems = try await world.engine.read { (db: any SQLConnection) throws(StoreFault) -> [String] in
            try db.run("select work_item_ref, status, title from ops.work_items order by 1", []).map { row in
                row.values.indices.map { row.optionalText($0) ?? "-" }.joined(separator: " ")
            }
        }
    }

    private mutating func lookAtSlots(_ world: Installation) async throws {
        for slot in try await world.store.scheduleSlots(limit: 100) {
            // A program that was cut off is not run again, whatever came of it.
            let isProgram = slot.scheduleID == "vacuum"
            let word = isProgram && slot.finishedAt != nil ? "ended" : slot.state.rawValue
            slots.append("\(slot.scheduleID) \(slot.slot.minuteText) \(word)")
        }
        slots.sort()
        // Each time that was not left out has a run of its own, and none has two.
        let keys = world.gitHubItems("runs").map { $0["display_title"]?.stringValue ?? "" }
        let wanted = slots.count { $0.hasPrefix("gates ") && !$0.hasSuffix(" skipped") }
        if keys.count != wanted { violations.append("\(keys.count) workflows ran for \(wanted) times: \(keys)") }
    }

    private mutating func lookAtNotices(_ world: Installation) async throws {
        let told = try await world.store.notices(limit: 1_000)
        notices = told.map { "\($0.kind.rawValue) \($0.subject)" }.sorted()
        let all = try await world.store.noticeMessages(limit: 1_000)
        for message in all {
            messages[message.channel, default: 0] += 1
            if message.state != .sent { violations.append("a message to \(message.channel) is \(message.state)") }
        }
        let posts = (world.simulator.account("slack")["channels"]?.listValue ?? [])
            .flatMap { $0["messages"]?.listValue ?? [] }.filter { $0["bot_id"] != nil }
            .map { $0["text"]?.stringValue ?? "" }
        if posts.count != messages["ops"] ?? 0 {
            violations.append("\(messages["ops"] ?? 0) messages are in Slack \(posts.count) times")
        }
        for message in all where message.channel == "n8n" && !world.receiver.keys.contains(message.id) {
            violations.append("the message \(message.id) never arrived")
        }
        let places = [("Slack", posts.joined(separator: "\n")), ("the receiver", world.receiver.text)]
        for notice in told {
            for (place, text) in places where !text.contains(notice.subject) {
                violations.append("\(place) was never told of \(notice.kind.rawValue) \(notice.subject)")
            }
        }
        if PlantedSecrets.isHeld(in: posts.joined() + world.receiver.text, also: world.canaries) {
            violations.append("a secret was told")
        }
    }

    private mutating func lookAtPullRequests(_ world: Installation) async throws {
        let rows = try await world.store.pullRequests(of: Installation.repository)
        pullRequests = rows.map { "\(Installation.repository)#\($0.pullRequest.number) \($0.state)" }
        var last: [String: String] = [:]
        for status in world.gitHubItems("statuses") {
            func text(_ name: String) -> String { status[name]?.stringValue ?? "" }
            let place = "\(text("sha").prefix(4)) \(text("context"))"
            let word = "\(text("state")) \(text("description"))"
            if last[place] == word { violations.append("the check of \(place) was told twice that it is \(word)") }
            last[place] = word
        }
        for row in rows where row.state != .open {
            let place = "\(row.pullRequest.headCommit.prefix(4)) odooops/preview"
            ended.insert("\(place) success There is no preview.")
            guard let word = last[place], word.hasPrefix("pending ") || word.hasSuffix(" is ready.") else { continue }
            violations.append("the pull request \(row.pullRequest.number) is over, and its check is for ever \(word)")
        }
        if !rows.isEmpty, rows.allSatisfy({ $0.state != .open }) {
            for (place, word) in last.sorted(by: { $0.key < $1.key }) where word.hasPrefix("pending ") {
                violations.append("every pull request is over, and the check of \(place) is for ever \(word)")
            }
        }
        checks = last.map { "\($0.key) \($0.value)" }.sorted()
        let comments = world.gitHubItems("comments").map { $0["body"]?.stringValue ?? "" }
        if PlantedSecrets.isHeld(in: comments.joined(), also: world.canaries) { violations.append("a secret was told") }
    }

    /// What came of each time, where one that was left out counts as kept if a later one of its schedule ran.
    ///
    /// That is what a schedule does by itself with times that fall together, and no more than that.
    private func slotsWithCaughtUp(as reference: SideRecord) -> [String] {
        slots.map { line in
            guard line.hasSuffix(" skipped"), let end = line.lastIndex(of: " ") else { return line }
            let (time, schedule) = (line[..<end], line.prefix { $0 != " " })
            let isCaughtUp = slots.contains { other in
                other > line && other.hasPrefix("\(schedule) ") && other.hasSuffix(" succeeded")
            }
            return isCaughtUp ? reference.slots.first { $0.hasPrefix("\(time) ") } ?? line : line
        }
    }

    /// What is other than it would be had nothing come between.
    ///
    /// - Parameters:
    ///   - reference: the undisturbed life.
    ///   - timeMoved: whether a clock was set or a process stood still, so that two times may have fallen together.
    /// - Returns: one line for each difference.
    func faults(against reference: SideRecord, timeMoved: Bool) -> [String] {
        var faults = violations
        func compare(_ name: String, _ mine: [String], _ theirs: [String]) {
            if mine != theirs { faults.append("\(name): \(mine) instead of \(theirs)") }
        }
        compare("work items", workItems, reference.workItems)
        compare("runs by the clock", timeMoved ? slotsWithCaughtUp(as: reference) : slots, reference.slots)
        compare("pull requests", pullRequests, reference.pullRequests)
        // What came and went before anybody looked has no check, and what was cut off then has not come to its end.
        let more = Set(checks).subtracting(reference.checks).subtracting(ended).filter { $0.contains(" success ") }
        if !more.isEmpty { faults.append("checks say otherwise: \(more.sorted())") }
        // What went wrong meanwhile may be told as well.
        for notice in Set(reference.notices).sorted() {
            let (mine, theirs) = (notices.count { $0 == notice }, reference.notices.count { $0 == notice })
            if mine != theirs { faults.append("\(notice) was told \(mine) times instead of \(theirs)") }
        }
        for (channel, count) in messages where count > max(reference.messages[channel] ?? 0, notices.count) {
            faults.append("\(channel): \(count) messages for \(notices.count) notices")
        }
        return faults
    }
}
