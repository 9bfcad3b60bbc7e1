import Basics
import DesiredState
import Diff
import Formats
import Reconciler
import Simulator
import Store
import Testing

/// The check of a commit that several pull requests show: branches are protected by it.
@Suite("Checks of previews that share a commit")
struct PreviewCheckTests {
    private static let previews = "previews: {allow: [{label: preview}], drafts: false}\n"

    /// Makes a database that a preview wants fail.
    private static func refuse(_ site: PreviewWorld) {
        site.world.simulator.order(FaultOrder("POST", "/v2/databases/**", .html(status: 403), times: 1_000))
    }

    @Test("A pull request without a preview never speaks for a commit of which another one has one", arguments: [6, 8])
    func bypass(_ other: Int64) async throws {
        let site = try await PreviewWorld(Self.previews)
        _ = await site.pass()
        Self.refuse(site)
        try site.open(7)
        _ = await site.pass()
        #expect(site.checks == ["failure 1"])
        try site.open(other)
        try site.pull(other, ["draft": true])
        for _ in 1...3 { _ = await site.pass() }
        #expect(site.comments.count == 2 && site.comments[1].contains("gone: it is a draft"), "\(site.comments)")
        #expect(site.checks == ["failure 1"], "\(site.sentences)")
        // Where it is ready both say so, and what is over speaks no more.
        site.world.simulator.clearFaults()
        for _ in 1...2 { _ = await site.pass() }
        #expect(site.checks == ["failure 1", "success 1"])
        #expect(site.addresses.last == "https://pr-7.shop.example")
        _ = site.requests()
        _ = await site.pass()
        #expect(site.requests() == ["GET /github/repos/acme/odoo/pulls"])
        await site.close()
    }

    @Test("Of several with previews the worst word stands, and another one when that has mended or is closed")
    func worst() async throws {
        let site = try await PreviewWorld(Self.previews)
        _ = await site.pass()
        try site.open(7)
        _ = await site.pass()
        #expect(site.checks == ["success 1"])
        Self.refuse(site)
        try site.open(8)
        for _ in 1...2 { _ = await site.pass() }
        #expect(site.checks == ["success 1", "failure 1"], "\(site.sentences)")
        try site.close(8)
        for _ in 1...2 { _ = await site.pass() }
        #expect(site.checks == ["success 1", "failure 1", "success 1"])
        #expect(site.addresses.last == "https://pr-7.shop.example")
        await site.close()
    }
}
