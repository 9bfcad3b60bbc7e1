import Testing

@testable import GitHubDriver

@Suite("The name of a webhook")
struct HookNameTests {
    @Test(
        "is the same however its repository, its host and its port are written",
        arguments: [
            ("acme/odoo/https://ops.example.com/hooks/github", "Acme/Odoo/HTTPS://OPS.example.com:443/hooks/github"),
            ("acme/odoo/http://ops.example.com/", "acme/odoo/http://ops.example.com:80"),
        ])
    func same(one: String, other: String) { #expect(HookName.normal(one) == HookName.normal(other)) }

    @Test(
        "is another one where another address is called",
        arguments: [
            "acme/odoo/https://ops.example.com/hooks/GitHub", "acme/odoo/https://ops.example.com:8443/hooks/github",
            "acme/odoo/http://ops.example.com/hooks/github", "acme/odoo/https://ops.example.com/hooks/github?a=1",
        ])
    func another(_ name: String) {
        #expect(HookName.normal(name) != HookName.normal("acme/odoo/https://ops.example.com/hooks/github"))
    }
}
