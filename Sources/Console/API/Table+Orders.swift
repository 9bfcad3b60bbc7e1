import Basics
import ConsoleAccess
import Formats
import Reconciler
import Store

/// Routes by which people put right what the service gave up: schedules that were disabled, messages that are dead.
extension APIEndpoints {
    static func orders(_ services: APIServices) -> [APIRoute] {
        scheduleOrders(services) + noticeRoutes(services)
    }

    private static func scheduleOrders(_ services: APIServices) -> [APIRoute] {
        let id = APIParameter("schedule", .line(least: 1, most: 255), "its id", required: true)
        return [
            APIRoute(
                "POST", "/schedules/{schedule}/run", "runSchedule", "schedules",
                "Has a schedule run once now, whatever the clock says; the service does it within seconds. Who asks in the "
                    + "very instant of a run that waits gets that one. The slash of an id such as `backup/production` is "
                    + "written `%2F`.",
                needs: .operate, parameters: [id],
                answer: .object([
                    .init("id", .text(), "the id of what waits for the service"),
                    .init("schedule", .text(), "the schedule's id"),
                ]),
                status: 202
            ) { call in
                let name = call.text("schedule") ?? ""
                let slot = try await ScheduleOrder.run(
                    name, of: services.schedules(), in: services.store, by: call.actor, at: call.now)
                return Envelope(202, ["id": .string(slot), "schedule": .string(name)])
            },
            APIRoute(
                "POST", "/schedules/{schedule}/enable", "enableSchedule", "schedules",
                "Lets a schedule run by itself again that was disabled because its runs didn't end.", needs: .operate,
                parameters: [id],
                answer: .object([
                    .init("schedule", .text(), "its id"), .init("enabled", .flag, "whether it runs by itself again"),
                ])
            ) { call in
                let name = call.text("schedule") ?? ""
                try await ScheduleOrder.enable(name, in: services.store, by: call.actor, at: call.now)
                return Envelope(200, ["schedule": .string(name), "enabled": true])
            },
        ]
    }

    private static func noticeRoutes(_ services: APIServices) -> [APIRoute] {
        let row = APISchema.object([
            .init("id", .text(), "its id"), .init("channel", .text(), "where it goes"),
            .init("group", .text(), "what its notices have in common"),
            .init("state", choice(NoticeMessage.State.self), "how far it is; `dead`: it was given up"),
            .init("count", .count, "how many notices it holds"),
            .init("attempts", .count, "how often it was tried"),
            .init("reason", .nullable(.text(most: 1 << 16)), "why it was given up, or tried again"),
            .init("error_code", .nullable(.text()), "the code of that"),
            .init("receipt", .nullable(.text()), "what the channel answered"),
            .init("created_at", .instant, "when it was made"),
            .init("available_at", .instant, "when it is tried at the earliest"),
            .init("finished_at", .nullable(.instant), "when it was sent or given up"),
        ])
        let id = APIParameter("notice", .line(least: 1, most: 64), "its id", required: true)
        return [
            APIRoute(
                "GET", "/notices", "listNotices", "notices",
                "The messages that notices go to channels in, newest first: what waits, was sent, or was given up (`dead`).",
                needs: .read,
                parameters: [
                    APIParameter("state", choice(NoticeMessage.State.self), "only in this state"), noticeCursor,
                ], answer: .list(row), isPaged: true
            ) { call in
                let found = try await services.store.noticeMessages(
                    limit: call.limit + 1,
                    states: call.text("state").flatMap(NoticeMessage.State.init).map { [$0] } ?? [],
                    before: call.text("cursor"))
                let shown = found.prefix(call.limit)
                return page(shown.map(\.document), next: found.count > call.limit ? shown.last?.id : nil)
            },
            APIRoute(
                "POST", "/notices/{notice}/retry", "retryNotice", "notices",
                "Has a message sent again that was given up, or that waits for its next attempt.", needs: .hooks,
                parameters: [id],
                answer: .object([.init("id", .text(), "its id"), .init("state", .text(), "how far it is now")]),
                status: 202
            ) { call in
                let name = call.text("notice") ?? ""
                guard
                    let found = try await services.store.noticeMessages(matching: name).first(where: { $0.id == name })
                else {
                    throw APIFault.notFound("there is no message \(name)", hint: "List them: GET /api/v1/notices")
                }
                try await NoticeRetry.make(found, in: services.store, by: call.actor, at: call.now)
                return Envelope(202, ["id": .string(found.id), "state": "waiting"])
            },
        ]
    }
}
