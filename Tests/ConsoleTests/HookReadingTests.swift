import Basics
import Reconciler
import Testing

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
        "A path of this machine has no name at the host, so that every push may be about it",
        arguments: ["/srv/git/odoo", "file:///srv/git/odoo.git", "./odoo", "a/b:c"])
    func paths(_ address: String) {
        #expect(HookRepositories([address, "https://github.com/acme/odoo"]).contains("who/knows"))
        #expect(HookRepositories([]).contains("who/knows"))
    }
}
