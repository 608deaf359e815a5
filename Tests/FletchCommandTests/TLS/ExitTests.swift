import Foundation
import Testing

/// What becomes of OpenSSL when a program that has used it ends by `exit()`.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/cc"), "no C compiler is installed"))
struct ExitTests {
    /// Says so where OpenSSL tidies up, under the hands of threads that use it.
    private static let program = """
        #include <COpenSSL.h>
        #include <dlfcn.h>
        #include <stdio.h>
        static void say(void) { puts("tidied up"); }
        int main(void) {
            char words[256];
            enum fletch_tls_problem problem;
            struct fletch_tls_options options = {.minimum_version = 0x303, .maximum_version = 0x304};
            if (!fletch_tls_load(words, sizeof words)) return 1;
            if (!fletch_tls_context_new(&options, &problem, words, sizeof words)) return 2;
            void *library = dlopen("libcrypto.so.3", RTLD_NOW);
            int (*note)(void (*)(void)) = (int (*)(void (*)(void)))dlsym(library, "OPENSSL_atexit");
            return note(say) == 1 ? 0 : 3;
        }
        """

    @Test func openSSLDoesNotTidyUpWhenTheProgramEnds() async throws {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../Sources/COpenSSL").standardized.path
        try await SessionCacheFolder.run { folder in
            try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
            let file = folder.url.appendingPathComponent("program.c")
            try Data(Self.program.utf8).write(to: file)
            let made = try await Shell.run([
                "/usr/bin/cc", "-I", sources + "/include", file.path, sources + "/tls.c", "-ldl", "-lpthread", "-o",
                folder.url.path + "/program",
            ])
            try #require(made.status == 0, "\(made.errors)")
            let outcome = try await Shell.run([folder.url.path + "/program"])
            #expect(outcome.status == 0)
            #expect(outcome.output == "")
        }
    }
}
