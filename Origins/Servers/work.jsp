<%@ page trimDirectiveWhitespaces="true" session="false" import="java.io.IOException, java.nio.file.*" %><%!
    // For Tomcat, which compiles this by itself.
    private static void note(String path, String event) throws IOException {
        Files.writeString(
            Path.of(System.getenv("ORIGIN_LOG")), path + " " + event + "\n",
            StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
%><%
    String path = request.getRequestURI();
    byte[] body = "x".repeat(Integer.parseInt(System.getenv("ORIGIN_BODY_BYTES"))).getBytes();
    request.getInputStream().readAllBytes();
    note(path, "begun");
    Thread.sleep(Integer.parseInt(System.getenv("ORIGIN_WORK_MS")));
    note(path, "finished");
    try {
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
        response.flushBuffer();
        note(path, "written");
    } catch (IOException error) {
        note(path, "failed " + error.getClass().getSimpleName());
    }
%>
