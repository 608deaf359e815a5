<?php
// For PHP's own server and for PHP-FPM. Writes at its end, unless ORIGIN_WRITES_EARLY is set.
$path = $_SERVER['REQUEST_URI'];
$note = fn($event) => file_put_contents(getenv('ORIGIN_LOG'), "$path $event\n", FILE_APPEND);
$size = (int) getenv('ORIGIN_BODY_BYTES');
$pieces = getenv('ORIGIN_WRITES_EARLY') ? 10 : 1;
$isFinished = $isWritten = false;

// PHP learns that the client has left only by writing, and then ends the script: this is what still runs.
register_shutdown_function(function () use ($note, &$isFinished, &$isWritten) {
    if (!$isFinished) $note('aborted script ended by PHP, connection_status() ' . connection_status());
    elseif (!$isWritten) $note('failed script ended by PHP, connection_status() ' . connection_status());
});

$note('begun');
file_get_contents('php://input');
for ($piece = 0; $piece < $pieces; $piece++) {
    if ($piece > 0) {
        echo str_repeat('x', intdiv($size, $pieces));
        flush();
    }
    usleep(intdiv((int) getenv('ORIGIN_WORK_MS') * 1000, $pieces));
}
$note('finished');
$isFinished = true;
echo str_repeat('x', intdiv($size, $pieces));
flush();
$isWritten = true;
$note('written');
