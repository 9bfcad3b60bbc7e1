import DesiredState
import Testing

@Suite struct ResourceKeyTests {
    /// Found by made-up requests to the API: an accent and the slash before it are one letter.
    @Test(arguments: ["github.label/acme/odoo/area:finance", "digitalocean.record/shop.example/A/*", "a.b/\u{308}x"])
    func aKeyEndsItsKindAtTheFirstSlash(_ text: String) throws {
        let key = try #require(ResourceKey(text))
        #expect(key.kind.name.unicodeScalars.allSatisfy { $0 != "/" })
        #expect(Array(key.description.utf8) == Array(text.utf8))
    }

    @Test(arguments: ["", "/", "a.b", "a.b/", "/name", "kind/name"])
    func whatHasNoKindOrNoNameIsNone(_ text: String) { #expect(ResourceKey(text) == nil) }
}
