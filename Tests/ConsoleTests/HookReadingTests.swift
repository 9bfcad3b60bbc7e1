import Basics
import Store
import Testing

@testable import Reconciler

@Suite("Which repository an address means")
struct HookRepositoriesTests {
    @Test(
        "Every form in which people write an address",
        arguments: [
            ("https://github.com/Acme/Odoo.git", true, ["Acme/Odoo"]),
            ("https://github.com/acme/odoo", true, ["acme/odoo"]),
            ("https://token@github.com/acme/odoo/", true, ["acme/odoo"]),
            ("git@github.com:acme/odoo.git", true, ["acme/odoo"]),
            ("ssh://git@git.example.com:2222/acme/odoo.git", true, []),
            ("https://git.example.com/group/acme/odoo.git", true, []),
            ("https://github.com/acme/other.git", false, ["acme/other"]),
        ])
    func reads(_ address: String, _ isMeant: Bool, _ onGitHub: [String]) {
        let repositories = HookRepositories([address])
        #expect(repositories.contains("acme/odoo") == isMeant)
        #expect(!repositories.contains("acme/else"))
        #expect(repositories.contains(nil), "an event that names none may be about ours")
        #expect(repositories.onGitHub == onGitHub)
    }

    @Test(
        "The repository of `previews` counts beside the others, in any letter case; while it isn't known any may be it")
    func previews() {
        let repositories = HookRepositories(["https://git.example.com/mirrors/odoo.git"])
        #expect(!repositories.including(.unnamed).contains("acme/odoo"))
        #expect(repositories.including(.named("Acme/Odoo")).contains("acme/odoo"))
        #expect(!repositories.including(.named("acme/odoo")).contains("acme/else"))
        #expect(repositories.including(.unknown).contains("acme/odoo"))
        #expect(HookRepositories(["/srv/git/odoo"]).including(.named("acme/odoo")).contains("who/knows"))
    }

    @Test("A hook of the repository of `previews` asks for a pass as soon as a commit names it, and no longer")
    func named() throws {
        let previews = Locked(PreviewRepository.unknown)
        let reading = HookReading(
            repositories: HookRepositories(["https://git.example.com/mirrors/odoo.git"]),
            previews: { previews.withLock { $0 } })
        let hook = DeliveryRecord(
            provider: "github", deliveryID: "1", event: "pull_request.labeled", scope: "acme/odoo", lane: .hint,
            body: nil, bodyDigest: Digest(of: ""), bodyBytes: 0, receivedAt: Timestamp(seconds: 0))
        for (known, isHint) in [(.unknown, true), (.named("acme/odoo"), true), (.unnamed, false)]
            as [(PreviewRepository, Bool)]
        {
            previews.withLock { $0 = known }
            #expect((try reading.read(hook) == .hint) == isHint)
        }
    }

    @Test(
        "A path of this machine has no name at the host, so that every push may be about it",
        arguments: ["/srv/git/odoo", "file:///srv/git/odoo.git", "./odoo", "a/b:c"])
    func paths(_ address: String) {
        #expect(HookRepositories([address, "https://github.com/acme/odoo"]).contains("who/knows"))
        #expect(HookRepositories([]).contains("who/knows"))
    }
}
