import Basics

/// A desired state as large as a grown company's, in the same proportions: 149 files, 1.05 MB, most of it documents of
/// other people's tools that only have to be read soundly.
enum GeneratedSSOT {
    /// - Throws: `FileSystemFault`.
    static func write(to directory: String) throws(FileSystemFault) {
        try FileSystem.createDirectory("\(directory)/infra/digitalocean")
        try FileSystem.write(Array(inventory.utf8), to: "\(directory)/infra/digitalocean/inventory.yaml")
        try FileSystem.createDirectory("\(directory)/docs")
        for number in 1...148 {
            try FileSystem.write(Array(document(number).utf8), to: "\(directory)/docs/catalogue-\(number).yaml")
        }
    }

    private static var inventory: String {
        var text = "schema: ssot.infra.digitalocean.inventory.v1\ndroplets:\n"
        for number in 1...20 {
            text += """
                  - name: worker-\(number)
                    region: sgp1
                    size: s-1vcpu-1gb
                    image: ubuntu-24-04-x64
                    tags: ["project:erp", "owner:odoo"]

                """
        }
        return text
    }

    private static func document(_ number: Int) -> String {
        var text = "# Catalogue \(number)\nschema: example.catalogue.v1\nversion: \"1.\(number)\"\nentries:\n"
        for entry in 1...22 {
            text += """
                  - id: entry-\(number)-\(entry)
                    title: "Entry \(entry) of catalogue \(number)"
                    enabled: \(entry.isMultiple(of: 3))
                    weight: \(entry * number)
                    owners: [platform, "team \(entry % 7)"]
                    notes: >
                      Some words that wrap over more than one line, as people write
                      them into catalogues, with a : colon and a # hash in between.
                    links: {guide: "https://docs.example.com/\(number)/\(entry)"}

                """
        }
        return text
    }
}
